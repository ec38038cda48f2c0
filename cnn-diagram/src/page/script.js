"use strict";
const root = document.documentElement;
const panel = document.getElementById("panel");

// Links scroll to below the bar, whose height depends on its switches.
const bar = document.querySelector(".switches");
const measure = () => root.style.setProperty("--bar", `${bar.offsetHeight + 8}px`);
addEventListener("resize", measure);
measure();

// The switches: pressing a button sets an attribute that the style sheet reads.
for (const name of ["detail", "theme"]) {
    const buttons = [...document.querySelectorAll(`#${name} button`)];
    for (const button of buttons) {
        button.addEventListener("click", () => {
            root.dataset[name] = button.dataset.value;
            buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
            choose(null);
        });
    }
}

// The details of a block are its tooltip.
function choose(block) {
    document.querySelectorAll(".n.chosen").forEach((chosen) => chosen.classList.remove("chosen"));
    panel.hidden = block === null;
    if (block !== null) {
        block.classList.add("chosen");
        panel.querySelector("pre").textContent = block.querySelector("title").textContent;
    }
}

for (const block of document.querySelectorAll(".n")) {
    block.setAttribute("tabindex", "0");
    block.addEventListener("click", () => choose(block));
    block.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            choose(block);
        }
    });
}
panel.querySelector("button").addEventListener("click", () => choose(null));
document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
        choose(null);
    }
});
