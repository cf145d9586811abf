/** The modules of Node that were loaded before the first task. */
module.exports = () => process.moduleLoadList;
