/**
 * Sets the theme before anything is drawn: a classic script that blocks, because a module would run after
 * the first frame and the page would flash in the other theme.
 */
(function () {
  try {
    const theme = localStorage.getItem("pipeloom-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is blocked: the system's theme it is.
  }
})();
