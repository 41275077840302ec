// Before anything is drawn, so that nothing flashes in the other colours.
document.documentElement.dataset.theme = localStorage.getItem("fanfare.theme") ?? "auto";
