/** The list of what is under way, against an array. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Link, LinkedList } from "../../src/base/linked-list.js";

function membersOf(list: LinkedList<number>): number[] {
  const members: number[] = [];
  list.forEach((member) => members.push(member));
  return members;
}

test("a list behaves as an array", () => {
  const step = fc.record({ what: fc.constantFrom("add", "addAfter", "remove", "remove"), where: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new LinkedList<number>();
      const model: number[] = [];
      const links: Link<number>[] = [];
      for (const { what, where } of steps) {
        const link = links[where % Math.max(links.length, 1)] as Link<number> | undefined;
        const at = link === undefined ? -1 : model.indexOf(links.indexOf(link));
        const next = links.length;
        if (what === "add") {
          links.push(list.add(next));
          model.push(next);
        } else if (what === "addAfter") {
          links.push(list.addAfter(next, link));
          model.splice(at + 1, 0, next);
        } else if (link !== undefined) {
          assert.equal(list.remove(link), at !== -1);
          if (at !== -1) model.splice(at, 1);
        }
        assert.deepEqual(membersOf(list), model);
        assert.equal(list.size, model.length);
        assert.equal(list.first, model[0]);
        assert.equal(list.last?.value, model.at(-1));
      }
    }),
  );
});

test("who leaves before its turn is not visited, and neither is who comes meanwhile", () => {
  const list = new LinkedList<number>();
  list.add(0);
  const gone = list.add(1);
  list.add(2);
  const visited: number[] = [];
  list.forEach((member) => {
    visited.push(member);
    list.remove(gone);
    list.add(3);
  });
  assert.deepEqual(visited, [0, 2]);
});

test("a link that has left refers to nothing, and leaves no second time", () => {
  const list = new LinkedList<number>();
  const [, link] = [list.add(0), list.add(1), list.add(2)];
  assert.ok(list.remove(link));
  assert.deepEqual(link, { list: undefined, value: undefined, previous: undefined, next: undefined });
  assert.ok(!list.remove(link));
  assert.ok(!new LinkedList<number>().remove(list.last!));
  assert.equal(list.size, 2);
});
