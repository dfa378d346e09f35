// Sends the page's forms in place, and refreshes the parts marked data-live when the server shows them anew.
"use strict";

const PAUSE_MS = 1200;
const lasting = "[data-live], [data-said]";
const shown = new Map(); // id: what the server last showed there
let sending = 0;

const partsOf = (root) => [...root.querySelectorAll(lasting)].filter((part) => part.id);
const isChat = (part) => part.classList.contains("chat");
const toEnd = (chat) => { chat.scrollTop = chat.scrollHeight; };

function put(part, html) {
  const atEnd = part.scrollHeight - part.scrollTop - part.clientHeight < 40;
  const key = part.contains(document.activeElement) && document.activeElement.dataset.key;
  const before = part.querySelectorAll(".bubble").length;
  part.innerHTML = html;
  if (key) part.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  if (!isChat(part)) return;
  [...part.querySelectorAll(".bubble")].slice(before).forEach((bubble) => bubble.classList.add("fresh"));
  if (atEnd || before === 0) toEnd(part);
}

function take(text, isAnswer) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of partsOf(document)) {
    const now = fresh.getElementById(part.id);
    if (!now || (part.hasAttribute("data-said") && !isAnswer)) continue;
    // A list that somebody is choosing from stays as it is.
    if (!isAnswer && part.contains(document.activeElement) && document.activeElement.matches("select, input")) continue;
    if (shown.get(part.id) !== now.innerHTML) {
      shown.set(part.id, now.innerHTML);
      put(part, now.innerHTML);
    }
  }
}

async function refresh() {
  if (!sending && !document.hidden) {
    const answer = await fetch(location.pathname).catch(() => null);
    if (answer?.ok && !sending) take(await answer.text(), false);
  }
  setTimeout(refresh, PAUSE_MS);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.hasAttribute("data-whole")) return;
  event.preventDefault();
  form.closest("details")?.removeAttribute("open");
  const body = new URLSearchParams(new FormData(form, event.submitter));
  event.submitter?.setAttribute("aria-busy", "true");
  sending += 1;
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    if (answer.ok) take(await answer.text(), true);
    form.querySelectorAll("input:not([type])").forEach((field) => { field.value = ""; });
  } catch {
    location.reload(); // the sandbox has ended, or the network has; the browser says so better
  } finally {
    sending -= 1;
    event.submitter?.removeAttribute("aria-busy");
  }
});

for (const part of partsOf(document)) shown.set(part.id, part.innerHTML);
document.querySelectorAll(".chat").forEach(toEnd);
// After the jump to the place of a step, which takes the focus away: the next Tab reaches the buttons of the step.
window.addEventListener("pageshow", () => document.getElementById("tour")?.focus({ preventScroll: true }));
setTimeout(refresh, PAUSE_MS);
