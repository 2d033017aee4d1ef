/*
 * The first file that Node runs: says in a sentence that Node is too old, else loads the program.
 *
 * The program itself cannot say it, since an old Node stops at the first syntax it does not know. So this file keeps to
 * the JavaScript of 2009, and is not bundled.
 */
var version = process.versions.node.split('.');
var major = Number(version[0]);
if (major < 20 || (major === 20 && Number(version[1]) < 19)) {
  var found = process.version + ' (' + process.execPath + ')';
  var remedy = 'Put a newer one first on PATH (https://nodejs.org, or on a cluster `module load nodejs` or alike).';
  console.error('disbatch: disbatch needs Node 20.19 or newer; `node` on your PATH is ' + found + '. ' + remedy);
  process.exit(1);
}
require(__dirname + '/disbatch.cjs');
