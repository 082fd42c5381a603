using System.Collections.Immutable;

namespace Veltrix.Hunts;

/// <summary>Which challenges can never be opened, because they wait for each other.</summary>
static class UnlockGraph
{
    /// <summary>
    /// Opens whatever can be opened, as a team that solves everything would. If challenges are left, some of them form a cycle: it is given out, each
    /// challenge requiring the next, with the number of challenges that only waited behind it; then it counts as open and the rest is looked at.
    /// Linear in challenges and requirements but for the walk to each cycle.
    /// </summary>
    public static IEnumerable<(ImmutableArray<int> Cycle, int Waiting)> Cycles(ImmutableArray<ImmutableArray<int>> requires)
    {
        var missing = requires.Select(needed => needed.Length).ToArray();
        var opens = new List<int>[missing.Length];
        for (var i = 0; i < missing.Length; i++) opens[i] = [];
        for (var i = 0; i < missing.Length; i++)
            foreach (var needed in requires[i]) opens[needed].Add(i);

        var isOpen = new bool[missing.Length];
        Open(Enumerable.Range(0, missing.Length).Where(i => missing[i] == 0));
        for (var first = 0; first < missing.Length; first++)
        {
            while (!isOpen[first])
            {
                var cycle = CycleFrom(first);
                yield return (cycle, Open(cycle) - cycle.Length);
            }
        }

        int Open(IEnumerable<int> found)
        {
            var opened = 0;
            var open = new Queue<int>();
            foreach (var i in found) Enter(i);
            while (open.TryDequeue(out var i))
                foreach (var next in opens[i])
                    if (--missing[next] == 0) Enter(next);
            return opened;

            void Enter(int i)
            {
                if (isOpen[i]) return;
                isOpen[i] = true;
                opened++;
                open.Enqueue(i);
            }
        }

        // Follows requirements that are not open; there is always one, so the walk comes back to where it has been. The cycle begins with its first challenge in the file.
        ImmutableArray<int> CycleFrom(int start)
        {
            var path = new List<int>();
            var step = new Dictionary<int, int>();
            for (var i = start; step.TryAdd(i, path.Count); i = requires[i].First(needed => !isOpen[needed])) path.Add(i);
            var back = requires[path[^1]].First(needed => !isOpen[needed]);
            var cycle = path[step[back]..];
            var least = cycle.IndexOf(cycle.Min());
            return [.. cycle[least..], .. cycle[..least]];
        }
    }
}
