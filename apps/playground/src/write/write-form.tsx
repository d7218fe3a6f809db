/** The settings of a writing: what, how long, how much of it goes into the summary first, and each stage by itself. */
import { type FormEvent, type ReactNode, useId } from 'react';
import { langOf } from '../text/lang-of.js';
import { type StageFields, type StageName, stageNames, type WriteFields } from './write-settings.js';

interface WriteFormProps {
  fields: WriteFields;
  onFields: (fields: WriteFields) => void;
  onSubmit: () => void;
  /** Nothing can be written, and why. */
  hint: string | undefined;
  children: ReactNode;
}

export function WriteForm({ fields, onFields, onSubmit, hint, children }: WriteFormProps) {
  const id = useId();
  const set = (change: Partial<WriteFields>) => onFields({ ...fields, ...change });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form onSubmit={submit} className="write">
      <label htmlFor={id}>What to write, in the language to write in</label>
      <textarea
        id={id}
        rows={2}
        required
        lang={langOf(fields.instruction)}
        placeholder="A briefing for the board on …"
        value={fields.instruction}
        onChange={({ target }) => set({ instruction: target.value })}
      />
      <div className="row settings">
        <label>
          <span>Words</span>
          <input
            type="number"
            min={50}
            max={100_000}
            required
            value={fields.words}
            onChange={({ target }) => set({ words: target.value })}
          />
        </label>
        <label className="share">
          <span>
            Summary first <output>{fields.summaryShare} %</output>
          </span>
          <input
            type="range"
            min={5}
            max={80}
            step={5}
            value={fields.summaryShare}
            onChange={({ target }) => set({ summaryShare: Number(target.value) })}
          />
        </label>
        {children}
      </div>
      {hint && <p className="muted">{hint}</p>}
      <details>
        <summary>Stages</summary>
        <div className="stage-fields">
          {stageNames.map((name) => (
            <StageFieldset
              key={name}
              name={name}
              fields={fields.stages[name]}
              isOff={name === 'polish' && !fields.polishes}
              onFields={(change) =>
                set({ stages: { ...fields.stages, [name]: { ...fields.stages[name], ...change } } })
              }
            >
              {name === 'polish' && (
                <label className="check">
                  <input
                    type="checkbox"
                    checked={fields.polishes}
                    onChange={() => set({ polishes: !fields.polishes })}
                  />
                  Polish at all
                </label>
              )}
            </StageFieldset>
          ))}
        </div>
      </details>
    </form>
  );
}

interface StageFieldsetProps {
  name: StageName;
  fields: StageFields;
  isOff: boolean;
  onFields: (change: Partial<StageFields>) => void;
  children: ReactNode;
}

function StageFieldset({ name, fields, isOff, onFields, children }: StageFieldsetProps) {
  const numberField = (
    field: 'temperature' | 'maxTokens' | 'deadlineSeconds',
    label: string,
    step: string,
  ) => (
    <label>
      <span>{label}</span>
      <input
        type="number"
        min={field === 'temperature' ? 0 : step}
        step={step}
        placeholder="default"
        disabled={isOff}
        value={fields[field]}
        onChange={({ target }) => onFields({ [field]: target.value })}
      />
    </label>
  );
  return (
    <fieldset>
      <legend>{name}</legend>
      {children}
      <label>
        <span>Model</span>
        <input
          list="models"
          placeholder="as above"
          spellCheck={false}
          autoComplete="off"
          disabled={isOff}
          value={fields.model}
          onChange={({ target }) => onFields({ model: target.value })}
        />
      </label>
      {numberField('temperature', 'Temperature', '0.1')}
      {numberField('maxTokens', 'Tokens a call', '1')}
      {numberField('deadlineSeconds', 'Deadline (s)', '1')}
    </fieldset>
  );
}
