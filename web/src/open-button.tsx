// Opens a file: by a button, or by dropping it anywhere on the page.

import { useEffect, useRef } from "preact/hooks";
import { strings } from "./i18n";
import { openFile, opensFiles } from "./opened-file";
import { run } from "./data";

export function OpenButton() {
  const input = useRef<HTMLInputElement>(null);
  const words = strings();
  const can = opensFiles();
  useEffect(() => {
    if (!can) return;
    const over = (event: DragEvent) => event.dataTransfer?.types.includes("Files") && event.preventDefault();
    const drop = (event: DragEvent) => {
      const [file] = event.dataTransfer?.files ?? [];
      if (!file) return;
      event.preventDefault();
      void openFile(file);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("drop", drop);
    };
  }, [can]);
  if (!can || !run.value.value?.opens_files) return null;
  return (
    <>
      <button data-testid="open-file" title={words.openFileHint} onClick={() => input.current!.click()}>
        {words.openFile}
      </button>
      <input
        ref={input}
        type="file"
        class="unseen"
        data-testid="file-input"
        accept=".csv,.tsv,.txt,.npy,.wav"
        tabIndex={-1}
        aria-label={words.openFile}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = ""; // the same file again is a change, too
          if (file) void openFile(file);
        }}
      />
    </>
  );
}
