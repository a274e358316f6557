// A line for each thing that holds or does not; `../run` counts them.

let failed = 0;

/** Runs one check; those after it run whatever comes of it. */
export async function check(name, body) {
  try {
    await body();
    console.log(`ok - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}\n    ${String(error?.stack ?? error).replaceAll("\n", "\n    ")}`);
  }
}

/** What is thrown by `body`, which must throw. */
export async function thrown(body) {
  try {
    await body();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** Ends the process by what has come of the checks. */
export function done() {
  process.exit(failed === 0 ? 0 : 1);
}
