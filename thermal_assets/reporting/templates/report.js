// Comfort only: without it every picture and every number is still there.
(() => {
  "use strict";
  const dialog = document.createElement("dialog");
  dialog.innerHTML =
    '<img alt=""><p></p><form method="dialog"><button type="button" value="-1">Previous</button>' +
    '<button type="button" value="1">Next</button><button autofocus>Close</button></form>';
  document.body.append(dialog);
  const [image, text] = [dialog.querySelector("img"), dialog.querySelector("p")];
  const groups = new Map();
  let current = null;

  const show = (tile) => {
    const small = tile.querySelector("img");
    if (!small) return;
    current = tile;
    image.src = small.src;
    image.alt = small.alt;
    image.className = small.className;
    const caption = [...tile.querySelectorAll("figcaption span")].map((part) => part.textContent);
    text.textContent = [tile.title, tile.dataset.class && "class " + tile.dataset.class, ...caption].filter(Boolean).join(" · ");
    if (!dialog.open) dialog.showModal();
  };
  const neighbour = (tile, step) => {
    const tiles = groups.get(tile.closest(".strip, .mosaic"));
    return tiles ? tiles[(tiles.indexOf(tile) + step + tiles.length) % tiles.length] : tile;
  };

  // One tab stop a strip; arrow keys move inside it.
  for (const group of document.querySelectorAll(".strip, .mosaic, .one")) {
    const tiles = [...group.querySelectorAll(".tile")].filter((tile) => tile.querySelector("img"));
    groups.set(group, tiles);
    tiles.forEach((tile, index) => {
      tile.tabIndex = index ? -1 : 0;
      tile.setAttribute("role", "button");
      tile.setAttribute("aria-label", "Enlarge " + tile.title);
    });
  }
  document.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile[tabindex]");
    if (tile) show(tile);
    if (event.target === dialog) dialog.close();
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (dialog.open) {
      if (step && current) show(neighbour(current, step));
      return;
    }
    const tile = event.target.closest?.(".tile[tabindex]");
    if (!tile) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      show(tile);
    } else if (step) {
      event.preventDefault();
      const next = neighbour(tile, step);
      tile.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  });
  dialog.querySelector("form").addEventListener("click", (event) => {
    if (event.target.type === "button" && current) show(neighbour(current, Number(event.target.value)));
  });

  for (const pre of document.querySelectorAll(".sql pre")) {
    const button = document.createElement("button");
    button.className = "copy";
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(pre.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(pre);
        button.textContent = "Selected: press Ctrl+C";
      }
    });
    pre.after(button);
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details.more").forEach((part) => (part.open = true)));
})();
