export { type ConformanceCheck, type ConformanceSubject, conformanceChecks } from './conformance.js';
export { ScriptedModel, type ScriptedModelOptions, type Script, scriptedModel } from './scripted-model.js';
