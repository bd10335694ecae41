// Fills the answer in without loading the page again. Without this file the form still works.
"use strict";
const form = document.getElementById("try-form");
const tried = document.getElementById("tried");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form));
  if (event.submitter?.name === "utterance") {
    // An example was clicked.
    fields.set("utterance", event.submitter.value);
    document.getElementById("utterance").value = event.submitter.value;
  }
  try {
    const reply = await fetch("/try?fragment", { method: "POST", body: fields });
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    tried.innerHTML = await reply.text(); // Escaped by the server; the policy lets no script in it run.
  } catch (error) {
    tried.textContent = `The service did not answer (${error.message}). Is it still running?`;
  }
});
