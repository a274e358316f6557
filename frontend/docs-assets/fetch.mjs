// Fetches what the API documentation pages need of two npm packages into dist/, from where the service embeds it.
//
// Not `npm ci`: both scripts stand alone, and installing what Scalar was built from would take 300 MB for one file.
// `npm pack` asks whatever registry the machine is set to, runs nothing of the package, and what it brings is compared
// with the digest in assets.json. To take a new version, write it there, run this, and copy the digest that it names.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const here = import.meta.dirname;
const list = readFileSync(join(here, 'assets.json'), 'utf8');
const stamp = createHash('sha256').update(list).update(readFileSync(import.meta.filename)).digest('hex');
const dist = join(here, 'dist');

function isCurrent() {
  try {
    return readFileSync(join(dist, '.stamp'), 'utf8') === stamp;
  } catch {
    return false;
  }
}

/** The package's archive, once its digest is the one that is expected. */
function fetchPackage(spec, integrity, folder) {
  const options = ['--ignore-scripts', '--silent', '--pack-destination', folder];
  const name = execFileSync('npm', ['pack', spec, ...options], { encoding: 'utf8' }).trim().split('\n').pop();
  const archive = join(folder, name);
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) throw new Error(`${spec} has the digest ${found}, and assets.json another one`);
  return archive;
}

/** A file of the archive, without the comment that names a source map: there is none beside it. */
function extract(archive, path) {
  const bytes = execFileSync('tar', ['-xzOf', archive, `package/${path}`], { maxBuffer: 1 << 26 });
  if (!/\.(js|css)$/.test(path)) return bytes;
  return Buffer.from(bytes.toString('utf8').replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*$/, '\n'));
}

if (isCurrent()) {
  console.log('The assets of the documentation pages are current.');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'docs-assets-'));
  const fresh = `${dist}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  try {
    for (const [spec, { integrity, files }] of Object.entries(JSON.parse(list))) {
      const archive = fetchPackage(spec, integrity, folder);
      for (const [path, name] of Object.entries(files)) {
        // Compressed once, here: it is embedded and sent as it is.
        writeFileSync(join(fresh, `${name}.gz`), gzipSync(extract(archive, path), { level: 9 }));
      }
    }
    writeFileSync(join(fresh, '.stamp'), stamp);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
    console.log('The assets of the documentation pages are in frontend/docs-assets/dist.');
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(fresh, { recursive: true, force: true });
  }
}
