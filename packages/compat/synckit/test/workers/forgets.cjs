// It never calls runAsWorker.
module.exports = {};
