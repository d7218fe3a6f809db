export { type ConformanceCheck, type ConformanceSubject, conformanceChecks } from './conformance.js';
export { type Script, ScriptedModel, type ScriptedModelOptions, scriptedModel } from './scripted-model.js';
