/** Our own line icons: path data on a 24-unit grid. Each outcome has its own shape, so colour is never alone. */
export const ICONS = {
  transfers: "M4.5 12.5l5 5 10-11",
  sharpness_drifts: "M12 4v10.5M12 19.5v.3",
  fine_tune: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  does_not_transfer: "M6 6l12 12M18 6L6 18",
  inconclusive: "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.1-1.5 2.3M12 18v.3",
  upload: "M12 16V4.5M7 9.5l5-5 5 5M4.5 15.5v4h15v-4",
  lock: "M6.5 11h11v9h-11zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  info: "M12 11v6M12 7.3v.3M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18",
  alert: "M12 8v5M12 16.2v.3M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18",
  arrow: "M5 12h14M13 6l6 6-6 6",
  edit: "M4.5 19.5h4L19 9l-4-4L4.5 15.5zM13 7l4 4",
  download: "M12 4.5V16M7 11l5 5 5-5M4.5 19.5h15",
};
