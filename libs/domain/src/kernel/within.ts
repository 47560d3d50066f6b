/** Whether one extent lies within another; `all` lies within `all` only. */
export const isWithin = <T>(inner: 'all' | readonly T[], outer: 'all' | readonly T[]): boolean =>
  outer === 'all' || (inner !== 'all' && inner.every((each) => outer.includes(each)));
