#!/usr/bin/env node
// Old syntax on purpose: this file may be started by the system's Node, and hands over to the one installed with us.
'use strict';
var spawn = require('node:child_process').spawn;
var fs = require('node:fs');
var path = require('node:path');

var built = path.join(__dirname, '..', 'dist', 'main.js');
var source = path.join(__dirname, '..', 'src', 'main.ts');
var program = fs.existsSync(built) ? [built] : ['--conditions=development', source];
var node = process.execPath;
try {
  node = path.join(path.dirname(require.resolve('node/package.json')), 'bin', 'node');
  if (!fs.existsSync(node)) node = process.execPath;
} catch (_) {
  // Installed without the pinned runtime (in a container, say): the one that started us must do.
}
var child = spawn(node, program.concat(process.argv.slice(2)), { stdio: 'inherit' });
['SIGINT', 'SIGTERM'].forEach(function (signal) {
  process.on(signal, function () {
    child.kill(signal);
  });
});
child.on('error', function (error) {
  process.stderr.write('countersign: ' + error.message + '\n');
  process.exit(1);
});
child.on('exit', function (code, signal) {
  process.exit(signal ? 1 : code);
});
