/** The commands that this package adds to the connection: Lua scripts, each of which Redis runs as one step. */
import type { IRedisClient } from "bullmq";

interface Script {
  readonly numberOfKeys: number;
  readonly lua: string;
}

const SCRIPTS = {
  /**
   * KEYS: replies. ARGV: outcomes. An executor that is gone has no stream any more, and gets no new one.
   *
   * XDEL deletes nothing. Redis refuses the first write of a script if that needs memory and none is left, but not later ones: an outcome
   * is small, and lets its job and its arguments go.
   */
  interpretersReply: {
    numberOfKeys: 1,
    lua: `
      if redis.call("EXISTS", KEYS[1]) == 0 then return 0 end
      redis.call("XDEL", KEYS[1], "0-1")
      redis.call("XADD", KEYS[1], "*", "r", ARGV[1])
      return 1`,
  },
  /** KEYS: replies. ARGV: the last id that was read, or "", and milliseconds. Returns whether the stream existed. */
  interpretersKeep: {
    numberOfKeys: 1,
    lua: `
      local existed = redis.call("EXISTS", KEYS[1])
      if existed == 0 then
        redis.call("XDEL", KEYS[1], "0-1")
        redis.call("XADD", KEYS[1], "*", "h", "1")
      elseif ARGV[1] ~= "" then
        redis.call("XTRIM", KEYS[1], "MINID", ARGV[1])
      end
      redis.call("PEXPIRE", KEYS[1], ARGV[2])
      return existed`,
  },
  /** KEYS: job, its lock, its arguments. ARGV: new data. Returns 1: taken back; 0: a worker has it; -1: it is gone or done. */
  interpretersTakeBack: {
    numberOfKeys: 3,
    lua: `
      if redis.call("EXISTS", KEYS[1]) == 0 then return -1 end
      if redis.call("EXISTS", KEYS[2]) == 1 then return 0 end
      if redis.call("HEXISTS", KEYS[1], "finishedOn") == 1 then return -1 end
      redis.call("HSET", KEYS[1], "data", ARGV[1])
      redis.call("DEL", KEYS[3])
      return 1`,
  },
  /** KEYS: job, its lock, the tasks that were taken back of its bundle. ARGV: task. Returns as the one above. */
  interpretersTakeOut: {
    numberOfKeys: 3,
    lua: `
      if redis.call("EXISTS", KEYS[1]) == 0 then return -1 end
      if redis.call("EXISTS", KEYS[2]) == 1 then return 0 end
      if redis.call("HEXISTS", KEYS[1], "finishedOn") == 1 then return -1 end
      redis.call("HSET", KEYS[3], ARGV[1], "1")
      return 1`,
  },
  /**
   * KEYS: what the keys of jobs begin with, replies. ARGV: ids. Returns the id of the last reply, and for each job: 0 it is gone, 1 it is
   * not done, or why it failed, or "" if it completed.
   */
  interpretersAudit: {
    numberOfKeys: 2,
    lua: `
      local found = {}
      local last = redis.call("XREVRANGE", KEYS[2], "+", "-", "COUNT", 1)
      for i, id in ipairs(ARGV) do
        local key = KEYS[1] .. id
        if redis.call("EXISTS", key) == 0 then found[i] = 0
        elseif redis.call("HEXISTS", key, "finishedOn") == 0 then found[i] = 1
        else found[i] = redis.call("HGET", key, "failedReason") or "" end
      end
      return {last[1] and last[1][1] or "0-0", found}`,
  },
  /** KEYS: a stream. Returns the id of its last entry. */
  interpretersNewest: {
    numberOfKeys: 1,
    lua: `
      local last = redis.call("XREVRANGE", KEYS[1], "+", "-", "COUNT", 1)
      return last[1] and last[1][1] or "0-0"`,
  },
  /** KEYS: places. ARGV: how many tasks a worker runs at a time. Returns the most that any of the queue's workers has said. */
  interpretersPlaces: {
    numberOfKeys: 1,
    lua: `
      local most = math.max(tonumber(redis.call("GET", KEYS[1]) or 0), tonumber(ARGV[1]))
      redis.call("SET", KEYS[1], most)
      return most`,
  },
  /**
   * KEYS: the marker, the waiting jobs, those with a priority, the delayed ones, and the rate limit. Removes the marker
   * unless any of the others exists.
   */
  interpretersEmpty: {
    numberOfKeys: 5,
    lua: `
      if redis.call("EXISTS", KEYS[2], KEYS[3], KEYS[4], KEYS[5]) > 0 then return 0 end
      return redis.call("ZREM", KEYS[1], "0")`,
  },
  /** KEYS: job. Counts a run that its worker broke off, as BullMQ counts one whose worker died. */
  interpretersBrokeOff: {
    numberOfKeys: 1,
    lua: `
      if redis.call("EXISTS", KEYS[1]) == 0 then return 0 end
      return redis.call("HINCRBY", KEYS[1], "stc", 1)`,
  },
} satisfies Record<string, Script>;

const defined = new WeakSet<IRedisClient>();

/** Adds the commands to a connection, once. */
export function defineScripts(client: IRedisClient): void {
  if (defined.has(client)) return;
  defined.add(client);
  for (const [name, script] of Object.entries(SCRIPTS)) client.defineCommand(name, script);
}

/** Runs one of the commands. */
export async function runScript(
  client: IRedisClient,
  name: keyof typeof SCRIPTS,
  keys: readonly string[],
  args: readonly (string | number)[] = [],
): Promise<unknown> {
  return (await client.runCommand(name, [...keys, ...args])) as unknown;
}
