// What an import understood of the file: the parts, where each tensor came from, and what was left out.

import { run, selected } from "./data";
import { dialog } from "./dialogs";
import { strings } from "./i18n";

export function ImportedButton() {
  if (!selected.value?.run.understood) return null;
  return (
    <button data-testid="imported-open" onClick={() => (dialog.value = "imported")}>
      {strings().imported.open}
    </button>
  );
}

/** The tables of the dialog. */
export function ImportedTables() {
  const words = strings().imported;
  const found = run.value.value?.understood;
  if (!found) return null;
  return (
    <div class="imported" data-testid="imported" tabIndex={0} role="region" aria-label={words.title}>
      <p translate={false}>
        {found.file} · {found.kind}
      </p>
      <table>
        <thead>
          <tr>
            {[words.part, words.cell, words.sizes, words.options].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody translate={false}>
          {found.rows.map(({ name, kind, sizes, options, sources }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{kind}</td>
              <td>{sizes}</td>
              <td>
                {options}
                <details>
                  <summary>{words.tensors(Object.keys(sources).length)}</summary>
                  <ul>
                    {Object.entries(sources).map(([own, source]) => (
                      <li key={own}>
                        <code>{own}</code> ← {source}
                      </li>
                    ))}
                  </ul>
                </details>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.left_out.length > 0 && (
        <>
          <h3>{words.leftOut}</h3>
          <ul translate={false}>
            {found.left_out.map(({ name, what, reason }) => (
              <li key={name}>
                <b>{name}</b> {what}: {reason}
              </li>
            ))}
          </ul>
        </>
      )}
      {found.notes.length > 0 && (
        <ul translate={false}>
          {found.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
