using System.Numerics;

namespace Veltrix.Hunts;

/// <summary>The unit that scores; a solo hunter is a team of one. Part of a hunt's folded state: only the fold changes it.</summary>
public sealed class Team(int number, string name, string invite)
{
    const int OutcomesKept = 32;

    ulong[] solved = [];
    // By challenge. A team is wrong about few of them, so eight bytes for each of those beat a dictionary; there are as many teams as hunters.
    WrongCount[] wrong = [];
    int wrongCount;
    Outcome[] outcomes = [];
    ScorePoint[] curve = [];
    int curveCount;

    /// <summary>Dense, from 0, in order of founding.</summary>
    public int Number { get; } = number;

    public string Name { get; } = name;

    /// <summary>Empty where everybody hunts alone.</summary>
    public string Invite { get; } = invite;

    public List<Hunter> Members { get; } = new(1);

    public long Score { get; internal set; }

    /// <summary>Time of the last solve that scored; 0 before the first.</summary>
    public long LastSolveMs { get; internal set; }

    /// <summary>Time of the final solve.</summary>
    public long? FinishedMs { get; internal set; }

    /// <summary>How long its first member waited for a seat.</summary>
    public long WaitedMs { get; private set; }

    /// <summary>What of that comes off its times; 0 where the hunt's clock is the same for all.</summary>
    public long CreditMs { get; private set; }

    /// <summary>How many outcomes the team has had: the number of the last one.</summary>
    public long OutcomeCount { get; internal set; }

    /// <summary>True while at least one member may play: only such teams are on the board.</summary>
    public bool Ranked => Members.Exists(m => !m.Banned);

    public int SolvedCount
    {
        get
        {
            var count = 0;
            foreach (var word in solved) count += BitOperations.PopCount(word);
            return count;
        }
    }

    public bool HasSolved(int challenge) => challenge >> 6 < solved.Length && (solved[challenge >> 6] & (1UL << challenge)) != 0;

    public int WrongAnswers(int challenge) => FindWrong(challenge) is >= 0 and var at ? wrong[at].Count : 0;

    /// <summary>True where everything that the challenge requires is solved.</summary>
    public bool HasUnlocked(Challenge challenge)
    {
        foreach (var required in challenge.Requires)
            if (!HasSolved(required)) return false;
        return true;
    }

    /// <summary>The outcomes after <paramref name="number"/> that are still kept, oldest first.</summary>
    public IEnumerable<Outcome> OutcomesAfter(long number)
    {
        for (var n = Math.Max(number, OutcomeCount - Math.Min(OutcomesKept, outcomes.Length)) + 1; n <= OutcomeCount; n++)
            yield return outcomes[(int)(n % outcomes.Length)];
    }

    /// <summary>Its standing, by the team's own clock: what it waited and was credited does not count as time.</summary>
    public RankKey KeyUnder(RankingRule rule) => RankKey.Of(rule, Score, Math.Max(0, LastSolveMs - CreditMs), FinishedMs is { } finished ? Math.Max(0, finished - CreditMs) : null);

    /// <summary>Points of a curve, at most: when there are more, every other one goes, and the curve keeps its shape.</summary>
    public const int CurveMax = 64;

    /// <summary>How its score came about, oldest first: each point is the score from its time on. Empty where outcomes are not kept (<see cref="HuntState.KeepsOutcomes"/>).</summary>
    public ReadOnlySpan<ScorePoint> Curve => curve.AsSpan(0, curveCount);

    /// <summary>The score is what it is from now on.</summary>
    internal void Trace(long timeMs)
    {
        if (curveCount > 0 && curve[curveCount - 1].TimeMs == timeMs) curveCount--;
        if (curveCount == CurveMax)
        {
            // The last one stays.
            curveCount /= 2;
            for (var i = 0; i < curveCount; i++) curve[i] = curve[2 * i + 1];
        }

        if (curveCount == curve.Length) Array.Resize(ref curve, Math.Max(4, curveCount * 2));
        curve[curveCount++] = new(timeMs, Score);
    }

    internal void Credit(long waitedMs, long creditMs) => (WaitedMs, CreditMs) = (waitedMs, creditMs);

    internal void Solve(int challenge)
    {
        if (challenge >> 6 >= solved.Length) Array.Resize(ref solved, (challenge >> 6) + 1);
        solved[challenge >> 6] |= 1UL << challenge;
    }

    internal void CountWrong(int challenge)
    {
        var at = FindWrong(challenge);
        if (at >= 0) wrong[at] = new(challenge, wrong[at].Count + 1);
        else InsertWrong(~at, new(challenge, 1));
    }

    /// <summary>Where the challenge's count is, or the complement of where it belongs.</summary>
    int FindWrong(int challenge)
    {
        int low = 0, high = wrongCount - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (wrong[middle].Challenge == challenge) return middle;
            if (wrong[middle].Challenge < challenge) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }

    void InsertWrong(int at, WrongCount count)
    {
        if (wrongCount == wrong.Length) Array.Resize(ref wrong, Math.Max(4, wrongCount * 2));
        wrong.AsSpan(at, wrongCount - at).CopyTo(wrong.AsSpan(at + 1));
        wrong[at] = count;
        wrongCount++;
    }

    internal void Keep(Outcome outcome)
    {
        if (outcome.Number > outcomes.Length && outcomes.Length < OutcomesKept) GrowOutcomes();
        outcomes[(int)(outcome.Number % outcomes.Length)] = outcome;
        OutcomeCount = outcome.Number;
    }

    // The ring is addressed by number modulo length, so growing it means placing every kept outcome anew.
    void GrowOutcomes()
    {
        var kept = OutcomesAfter(0).ToArray();
        outcomes = new Outcome[Math.Max(4, outcomes.Length * 2)];
        foreach (var outcome in kept) outcomes[(int)(outcome.Number % outcomes.Length)] = outcome;
    }

    /// <summary>The solved challenges as a bit set: challenge i is bit i % 64 of word i / 64.</summary>
    public IReadOnlyList<ulong> SolvedWords => solved;

    /// <summary>Wrong answers, in order of challenge.</summary>
    public IEnumerable<WrongCount> WrongByChallenge => wrong.Take(wrongCount);

    /// <summary>The team as a checkpoint kept it. Members come when the hunters are restored.</summary>
    /// <param name="kept">The last outcomes, oldest first.</param>
    public static Team Restore(
        int number, string name, string invite, long score, long lastSolveMs, long? finishedMs, long outcomeCount,
        IEnumerable<ulong> solvedWords, IEnumerable<WrongCount> wrongByChallenge, IReadOnlyList<Outcome> kept,
        long waitedMs = 0, long creditMs = 0, IEnumerable<ScorePoint>? curve = null)
    {
        var team = new Team(number, name, invite) { Score = score, LastSolveMs = lastSolveMs, FinishedMs = finishedMs, WaitedMs = waitedMs, CreditMs = creditMs, solved = [.. solvedWords] };
        foreach (var count in wrongByChallenge) team.InsertWrong(team.wrongCount, count);
        while (team.outcomes.Length < kept.Count) team.GrowOutcomes();
        foreach (var outcome in kept) team.outcomes[(int)(outcome.Number % team.outcomes.Length)] = outcome;
        team.OutcomeCount = outcomeCount;
        team.curve = [.. curve ?? []];
        team.curveCount = team.curve.Length;
        return team;
    }
}

/// <summary>How often a team has answered a challenge wrong.</summary>
public readonly record struct WrongCount(int Challenge, int Count);

/// <summary>A team's score from a time on.</summary>
public readonly record struct ScorePoint(long TimeMs, long Score);

/// <summary>What became of one submission, as its team is told. Numbers are per team and gapless from 1.</summary>
/// <param name="Challenge">Index, or −1 where the hunter named one that is not there.</param>
/// <param name="Reason">Set where it was refused.</param>
/// <param name="Points">Won by it.</param>
/// <param name="Score">Of the team after it.</param>
/// <param name="Position">Of the ledger record that decided it.</param>
public readonly record struct Outcome(
    long Number, CommandId Command, int Challenge, Verdict Verdict, Refusal Reason, int Points, long Score, long Position, long TimeMs);

public enum Verdict : byte
{
    Correct = 1,
    Incorrect = 2,
    Refused = 3,
}

/// <summary>One who plays. Part of a hunt's folded state: only the fold changes it.</summary>
public sealed class Hunter(string id, string nickname, int team)
{
    const int InstancesKept = 8;

    // Oldest use first. A hunter has one or two of these, so a list beats any index.
    Instance[] instances = [];

    public string Id { get; } = id;

    public string Nickname { get; } = nickname;

    public int Team { get; } = team;

    public bool Banned { get; internal set; }

    /// <summary>The highest sequence of this client instance that was decided; 0 for an unknown one.</summary>
    public long LastSeq(string instance) => IndexOf(instance) is >= 0 and var at ? instances[at].Seq : 0;

    internal void Used(CommandId id)
    {
        var at = IndexOf(id.Instance);
        var name = at < 0 ? id.Instance : instances[at].Name;
        if (at < 0)
        {
            if (instances.Length == InstancesKept) at = 0;
            else
            {
                Array.Resize(ref instances, instances.Length + 1);
                at = instances.Length - 1;
            }
        }

        Array.Copy(instances, at + 1, instances, at, instances.Length - at - 1);
        instances[^1] = new Instance(name, id.Seq);
    }

    /// <summary>
    /// The same id in strings that live as long as the hunter. What is kept of a command must not hold on to the strings of its message: at a hundred thousand commands
    /// a second those would grow old in their millions, and every collection would have to look for them.
    /// </summary>
    internal CommandId Lasting(CommandId id) => new(Id, IndexOf(id.Instance) is >= 0 and var at ? instances[at].Name : id.Instance, id.Seq);

    int IndexOf(string instance)
    {
        for (var i = 0; i < instances.Length; i++)
            if (instances[i].Name == instance) return i;
        return -1;
    }

    /// <summary>The client instances known, the one used longest ago first.</summary>
    public IReadOnlyList<Instance> Instances => instances;

    /// <summary>The hunter as a checkpoint kept it.</summary>
    public static Hunter Restore(string id, string nickname, int team, bool banned, IEnumerable<Instance> kept) =>
        new(id, nickname, team) { Banned = banned, instances = [.. kept] };

    /// <summary>A tab or device, and the highest sequence of it that was decided.</summary>
    public readonly record struct Instance(string Name, long Seq);
}
