export { type ConformanceCheck, type ConformanceSubject, conformanceChecks } from './conformance.js';
export {
  type Script,
  ScriptedModel,
  type ScriptedModelOptions,
  type ScriptedToolCalls,
  type ScriptedTurn,
  scriptedModel,
} from './scripted-model.js';
