// What a new task's text means is shown as chips while it is typed. A click on one
// turns its phrase back into text; another gives it its meaning again.

const title = () => document.getElementById("new-title");

function leave(phrase) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name: "plain", value: phrase });
  document.getElementById("understood").append(input);
}

export function start() {
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("#understood [data-plain], #understood [data-meaning]");
    if (!chip) return;
    if (chip.dataset.plain) leave(chip.dataset.plain);
    else chip.parentElement.querySelector("input").remove();
    title().focus();
    htmx.trigger(title(), "rondo:understand");
  });
}
