/** How cells are called: it stands in names of variables and files. */
export const CELL_NAME = /^[a-z][a-z0-9-]{0,30}$/;

/** Characters that a cell's name has at most. */
export const MAX_CELL_NAME = 31;
