// Answers as models give them, for pictures: one question, twelve voices, code, lists and tables of different length.

export const SYSTEM = 'You review code. Be brief.';
export const PROMPT = 'Explain a binary heap, then show one operation in Rust.';

const CODE = `\`\`\`rust
/// Moves the last element up until its parent is not larger.
fn sift_up(heap: &mut [u32], mut at: usize) {
    while at > 0 {
        let parent = (at - 1) / 2;
        if heap[parent] <= heap[at] {
            return; // the order holds
        }
        heap.swap(parent, at);
        at = parent;
    }
}
\`\`\``;

const TABLE = `| operation | time | why |
|---|---|---|
| push | O(log n) | one path to the root |
| pop | O(log n) | one path to a leaf |
| peek | O(1) | the root |`;

const price = (input, output) => ({ input, cache_read: '', output });

export const ANSWERS = [
  { name: 'harbour-large', price: price('3.00', '15.00'), text: `A **binary heap** is a complete binary tree in an array where every parent is at most its children.\n\nThe children of index \`i\` are \`2i + 1\` and \`2i + 2\`, so no pointers are needed.\n\n${CODE}\n\n${TABLE}\n\nUse it for priority queues and for *heapsort*.` },
  { name: 'harbour-small', price: price('0.25', '1.25'), text: `A heap keeps the smallest element at the root.\n\n1. **Push** appends and sifts up.\n2. **Pop** swaps the root with the last element and sifts down.\n\n${CODE}` },
  { name: 'meridian-4', price: price('2.50', '10.00'), text: `### Binary heap\n\nAn array that is read as a tree:\n\n- parent of \`i\`: \`(i - 1) / 2\`\n- children of \`i\`: \`2i + 1\`, \`2i + 2\`\n\nThe **heap property** says that no child is smaller than its parent. It says nothing about siblings, which is what makes it cheap to keep.\n\n${CODE}\n\n> Building a heap from *n* elements takes O(n), not O(n log n): most nodes are near the leaves.` },
  { name: 'meridian-4-mini', price: price('0.15', '0.60'), text: `A binary heap is a tree in an array. The root is the minimum.\n\n${TABLE}` },
  { name: 'quill-r1', price: price('0.55', '2.19'), text: `Think of a tournament: each parent has beaten its children, and the winner stands on top.\n\n${CODE}\n\nAfter a pop, the last element takes the top seat and loses its way down.` },
  { name: 'quill-coder', price: price('0.27', '1.10'), text: `${CODE}\n\n\`sift_up\` restores the order after a push. Nothing else moves.` },
  { name: 'tern-27b', price: price('0.10', '0.40'), text: 'A heap is a partially ordered tree. **Insert** and **remove** touch one path, so both take logarithmic time.\n\n- no pointers\n- cache friendly\n- not sorted' },
  { name: 'tern-9b', price: price('0.03', '0.06'), text: 'A binary heap stores a complete tree in an array. The smallest element is first.' },
  { name: 'osprey-pro', price: price('1.25', '10.00'), text: `A binary heap answers one question fast: *what is the smallest?*\n\n${TABLE}\n\n${CODE}` },
  { name: 'osprey-flash', price: price('0.30', '2.50'), text: `Complete tree, array layout, parent ≤ children.\n\n${CODE}` },
  { name: 'local-llama', price: price('0', '0'), text: 'A heap is a tree where each parent is smaller than its children. You can use it for a priority queue. To add an element, put it at the end and swap it with its parent while it is smaller.' },
  { name: 'demo-steady-2', price: price('0.50', '1.50'), text: `One rule: **no child is smaller than its parent**.\n\n${CODE}` },
];
