/**
 * Asks for the arguments of a run, and starts it. What is wrong with an argument stands at its field.
 *
 * @module
 */
import { useContext, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ArgumentField, PipelineInfo, RunStart } from "../../api.ts";
import { Name } from "../components/safe_text.tsx";
import { type ApiFailure, BackendContext } from "../live/backend.ts";
import { readFields, readOthers, type Wrong } from "./form_values.ts";

/** What the page waits for, or why it does not. */
type State = { busy: boolean; failure: string | null; wrong: Wrong };

export function RunForm({ pipeline, onClose }: { pipeline: PipelineInfo; onClose: () => void }) {
  const { id, name, form } = pipeline;
  const backend = useContext(BackendContext);
  const dialog = useRef<HTMLDialogElement>(null);
  const [state, setState] = useState<State>({ busy: false, failure: null, wrong: {} });
  useLayoutEffect(() => dialog.current!.showModal(), []);
  const onSubmit = async (event: { preventDefault(): void; currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    if (state.busy) return;
    const data = new FormData(event.currentTarget);
    const { args, wrong } = readFields(form.fields, data);
    if (form.others) readOthers(`${data.get("others") ?? ""}`, args, wrong);
    if (Object.keys(wrong).length > 0) return setState({ busy: false, failure: null, wrong });
    setState({ busy: true, failure: null, wrong: {} });
    try {
      const { run, dashboard } = await backend.post<RunStart>(`api/pipelines/${id}/run`, { args });
      const home = backend.home ?? "";
      location.href = `${home}${dashboard}${run === null ? "" : `?run=${run}`}`;
    } catch (thrown) {
      const { message, body } = thrown as ApiFailure;
      const fields = (body as { fields?: Wrong } | null)?.fields ?? {};
      const known = form.fields.some((field) => field.name in fields);
      setState({ busy: false, failure: known ? null : message, wrong: fields });
    }
  };
  return (
    <dialog class="dialog run-form" ref={dialog} aria-labelledby="run-form-title" onClose={onClose}>
      <form onSubmit={onSubmit} noValidate>
        <h2 id="run-form-title">
          Run <Name text={name} limit={60} />
        </h2>
        {form.fields.length === 0 && !form.others && <p>It takes no arguments.</p>}
        {form.fields.map((field) => (
          <Field key={field.name} field={field} wrong={state.wrong[field.name]} />
        ))}
        {form.others && (
          <div class="field">
            <label for="arg-others">Arguments</label>
            <textarea
              id="arg-others"
              name="others"
              rows={3}
              placeholder="day=2026-11-27"
              aria-describedby="hint-others"
              aria-invalid={state.wrong[""] !== undefined}
            />
            <p class="faint" id="hint-others">
              One a line: <code>key=text</code>, or JSON as <code>key:=3</code>
            </p>
            {state.wrong[""] && <p class="is-error-text" role="alert">{state.wrong[""]}</p>}
          </div>
        )}
        {state.failure && <p class="is-error-text" role="alert">{state.failure}</p>}
        <div class="dialog-buttons">
          <button
            type="button"
            class="button"
            onClick={() =>
              dialog.current!.close()}
          >
            Close
          </button>
          <button type="submit" class="button primary" aria-disabled={state.busy}>
            {state.busy ? "Starting …" : "Run"}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function Field({ field, wrong }: { field: ArgumentField; wrong: string | undefined }) {
  const { name, required, description } = field;
  const id = `arg-${name}`;
  return (
    <div class="field">
      <label for={id}>
        {name}
        {required && <span class="faint">(required)</span>}
      </label>
      <Control field={field} id={id} invalid={wrong !== undefined} />
      {description && <p class="faint">{description}</p>}
      <p class="is-error-text" id={`wrong-${name}`} role="alert">{wrong}</p>
    </div>
  );
}

function Control({ field, id, invalid }: { field: ArgumentField; id: string; invalid: boolean }) {
  const { name, type, choices, default: value, required } = field;
  const shared = {
    id,
    name,
    "aria-describedby": `wrong-${name}`,
    "aria-invalid": invalid,
    "aria-required": required,
  };
  if (choices) {
    return (
      <select {...shared}>
        {(value === undefined || !required) && <option value="">–</option>}
        {choices.map((choice) => (
          <option key={choice} value={JSON.stringify(choice)} selected={choice === value}>
            {choice}
          </option>
        ))}
      </select>
    );
  }
  if (type === "boolean") {
    return <input {...shared} type="checkbox" defaultChecked={value === true} />;
  }
  if (type === "json") {
    return (
      <textarea
        {...shared}
        rows={3}
        spellcheck={false}
        defaultValue={value === undefined ? "" : JSON.stringify(value, null, 2)}
      />
    );
  }
  const text = value === undefined ? "" : `${value}`;
  return (
    <input
      {...shared}
      type="text"
      inputMode={type === "text" ? "text" : "decimal"}
      autocomplete="off"
      defaultValue={text}
    />
  );
}
