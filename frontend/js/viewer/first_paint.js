/**
 * Puts the theme that the reader chose on the root element before anything is painted: a plain script, because a
 * module runs after the first paint. Changes while the page is open: theme.js.
 */

try {
  const theme = JSON.parse(localStorage.getItem("muscope.theme") ?? "null");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // storage is forbidden or holds something else: the theme of the system
}
