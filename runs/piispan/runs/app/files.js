// Opens and saves files in the browser, so that no text lies in a file of the server.
window.piispan = {
  // Gradio disables a field that is only read, and then it can be neither reached nor scrolled by keyboard; with a button it has no name.
  readable(name) {
    const field = document.querySelector("#redacted textarea");
    field.readOnly = true;
    field.disabled = false;
    field.setAttribute("aria-label", name);
    return [];
  },

  said(sentence) {
    const line = document.createElement("p");
    line.setAttribute("role", "alert");
    line.className = "piispan-wrong";
    line.textContent = sentence;
    return line.outerHTML;
  },

  // Resolves to the text of the file that is chosen and an empty status; to what was there if none is, or it cannot be read.
  open(text, status, longest) {
    return new Promise((resolve) => {
      const input = document.createElement("input");
      input.type = "file";
      input.accept = ".txt,.md,.log,text/*";
      input.addEventListener("cancel", () => resolve([text, status]));
      input.addEventListener("change", () => {
        const reader = new FileReader();
        reader.addEventListener("error", () => resolve([text, piispan.said("The file cannot be read.")]));
        reader.addEventListener("load", () => {
          try {
            // Nothing is put right: the redacted text must be the file's own, to the mark at its beginning and its ends of lines.
            const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(reader.result);
            if ([...content].length > longest) {
              resolve([text, piispan.said(`The file has more than ${longest} characters; use piispan redact for files.`)]);
            } else {
              resolve([content, ""]);
            }
          } catch (error) {
            resolve([text, piispan.said("The file is not text in UTF-8.")]);
          }
        });
        reader.readAsArrayBuffer(input.files[0]);
      });
      input.click();
    });
  },

  save(text, name, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    return [];
  },
};
