using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Veltrix.Hunts;

/// <summary>
/// Makes a definition of a hunt file's tree: first what each challenge says by itself, then what they say together (names, unlocks, the final one).
/// A part that is at fault is read as if it were not there, so that the faults behind it are found too.
/// </summary>
sealed partial class HuntReader(Faults faults)
{
    public static readonly string[] HuntKeys = ["hunt", "title", "description", "opens", "closes", "team_size", "ranking", "settings", "defaults", "challenges"];
    public static readonly string[] DefaultsKeys = ["points", "attempts", "normalise"];
    public static readonly string[] ChallengeKeys = ["id", "name", "category", "text", "points", "answers", "normalise", "attempts", "unlock", "final"];
    public static readonly string[] UnlockKeys = ["all_of"];

    static readonly (string Name, Normalisation Value)[] normalisations =
        [("case", Normalisation.Case), ("space", Normalisation.Space), ("accents", Normalisation.Accents), ("punctuation", Normalisation.Punctuation)];

    static readonly (string Name, RankingRule Value)[] rankings = [("score-then-time", RankingRule.ScoreThenTime), ("finish-first", RankingRule.FinishFirst)];

    // Stands in for answers that could not be read. It never leaves, since the definition does not.
    static readonly AnswerRule unread = AnswerRule.Text(["unread"]);

    /// <summary>A challenge before its unlocks are looked up.</summary>
    sealed record Draft(Challenge Challenge, YamlSection Section, ImmutableArray<YamlText> AllOf);

    /// <summary>What a challenge has that does not say otherwise.</summary>
    sealed record Settings(int Points, int? Attempts, Normalisation Normalise);

    /// <summary>Null exactly when there are faults.</summary>
    public HuntDefinition? Read(YamlMap root)
    {
        var hunt = new YamlSection(root, "the hunt", HuntKeys, faults);
        hunt.Require("hunt", "Give the hunt an id, for example 'hunt: spring-2027'; it becomes part of its address.");
        hunt.Require("title", "Give the hunt a title, for example 'title: The spring hunt'.");
        hunt.Require("challenges", "Add 'challenges:' and below it an entry '- id: …' for each.");
        var definition = new HuntDefinition
        {
            Id = HuntId(hunt),
            Title = hunt.Line("title", HuntFile.TitleMax) ?? "",
            Description = hunt.Prose("description", HuntFile.TextMax) ?? "",
            OpensMs = hunt.Time("opens"),
            ClosesMs = hunt.Time("closes"),
            TeamSize = TeamSize(hunt),
            Ranking = OneOf(hunt, "ranking", rankings) ?? RankingRule.ScoreThenTime,
            Settings = SettingTexts(hunt),
            Challenges = Challenges(hunt, Defaults(hunt)),
        };
        if (definition.ClosesMs <= definition.OpensMs)
            faults.Add(hunt.At("closes"), "The hunt closes before it opens, or at the same moment.", "Make 'closes' later than 'opens'; mind the offsets.");
        if (definition.Ranking == RankingRule.FinishFirst && !definition.Challenges.IsEmpty && !definition.Challenges.Any(challenge => challenge.Final))
            faults.Add(hunt.At("ranking"), "The ranking is finish-first, and no challenge is the final one.", "Add 'final: true' to the challenge that ends the hunt.");
        return faults.Any ? null : definition;
    }

    string HuntId(YamlSection hunt)
    {
        if (hunt.Word("hunt") is not { } id) return "";
        if (!HuntIdForm.IsMatch(id.Value))
            faults.Add(id, $"The hunt's id {PlainText.Shown(id.Value)} is not 1 to 48 of a-z, 0-9 and '-', beginning with a letter.", Rename("hunt", id.Value, "hunt"));
        return id.Value;
    }

    int TeamSize(YamlSection hunt) =>
        hunt.Has("team_size") && hunt.At("team_size") is not YamlText { Value: "solo" } ? hunt.Whole("team_size", 1, HuntFile.TeamSizeMax, orWord: "solo") ?? 1 : 1;

    Settings Defaults(YamlSection hunt)
    {
        var settings = new Settings(Points: 1, Attempts: null, Normalisation.All);
        return hunt.Map("defaults", "{ points: 2, attempts: 5 }") is { } map
            ? ReadSettings(new YamlSection(map, "defaults", DefaultsKeys, faults), settings)
            : settings;
    }

    ImmutableArray<SettingText> SettingTexts(YamlSection hunt)
    {
        if (hunt.Map("settings", "{ max_concurrent_hunters: 20000 }") is not { } map) return [];
        var settings = ImmutableArray.CreateBuilder<SettingText>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        Flatten(map, "");
        if (settings.Count > HuntFile.SettingsMax)
            faults.Add(map, FormattableString.Invariant($"The hunt has {settings.Count:N0} settings; the most is {HuntFile.SettingsMax:N0}."), "There are fewer keys than that: see docs/reference/config.md.");
        return settings.DrainToImmutable();

        // Nested maps and dotted names mean the same: governor: { policy: linear } is governor.policy: linear.
        void Flatten(YamlMap within, string prefix)
        {
            foreach (var (key, value) in within.Entries)
            {
                var name = prefix + key.Value;
                if (value is YamlMap group) Flatten(group, name + ".");
                else if (!lines.TryAdd(name, key.Line))
                    faults.Add(key, $"The setting {PlainText.Shown(name)} stands twice; it is already in line {lines[name]}.", "Keep one of the two.");
                else if (value is YamlText { Value: not "" } text) settings.Add(new SettingText(name, text.Value, key.Line, key.Column, IsList: false));
                else if (value is YamlList list && list.Items.All(item => item is YamlText))
                    settings.Add(new SettingText(name, list.Items.IsEmpty ? "none" : string.Join(", ", list.Items.Cast<YamlText>().Select(item => item.Value)), key.Line, key.Column, IsList: true));
                else if (value is not YamlUnread)
                    faults.Add(key, $"The setting {PlainText.Shown(name)} has no value.", "Write a text or a number behind the colon, or leave the key out.");
            }
        }
    }

    Settings ReadSettings(YamlSection section, Settings otherwise) => new(
        section.Whole("points", 0, HuntFile.PointsMax) ?? otherwise.Points,
        section.At("attempts") is YamlText { Value: "unlimited" } ? null : section.Whole("attempts", 1, HuntFile.AttemptsMax, orWord: "unlimited") ?? otherwise.Attempts,
        Normalise(section) ?? otherwise.Normalise);

    Normalisation? Normalise(YamlSection section)
    {
        var texts = section.Texts("normalise");
        if (texts.IsDefault) return null;
        if (texts is [{ Value: "all" }]) return Normalisation.All;
        if (texts is [{ Value: "none" }]) return Normalisation.None;
        var chosen = Normalisation.None;
        foreach (var text in texts) chosen |= Named(text, "normalise", normalisations, "; or 'all', or 'none'") ?? Normalisation.None;
        return chosen;
    }

    ImmutableArray<Challenge> Challenges(YamlSection hunt, Settings defaults)
    {
        if (hunt.List("challenges") is not { } list) return [];
        if (list.Items.IsEmpty) faults.Add(list, "The hunt has no challenges.", "Add an entry '- id: …' below 'challenges:'.");
        if (list.Items.Length > HuntFile.ChallengesMax)
            faults.Add(list, FormattableString.Invariant($"The hunt has {list.Items.Length:N0} challenges; the most is {HuntFile.ChallengesMax:N0}."), "Split it into several hunts.");

        var drafts = new List<Draft>(list.Items.Length);
        foreach (var (index, item) in list.Items.Take(HuntFile.ChallengesMax).Index())
        {
            if (item is YamlMap map) drafts.Add(ReadChallenge(map, index + 1, defaults));
            else if (item is not YamlUnread)
                faults.Add(item, $"Challenge {index + 1} is no map of keys and values.", "Write '- id: …' and the other keys below it, indented alike.");
        }

        RefuseTwice(drafts, "id", draft => draft.Challenge.Id);
        RefuseTwice(drafts.DistinctBy(draft => draft.Challenge.Id), "name", draft => draft.Challenge.Name);
        RefuseSecondFinal(drafts);
        RefuseTooManyPoints(list, drafts);
        return Unlocked(drafts);
    }

    Draft ReadChallenge(YamlMap map, int number, Settings defaults)
    {
        var given = map.Entries.FirstOrDefault(entry => entry.Key.Value == "id").Value;
        var section = new YamlSection(map, "challenge " + (given is YamlText { Value: not "" } name ? PlainText.Shown(name.Value) : number), ChallengeKeys, faults);
        section.Require("id", "Give it an id, for example '- id: c01'; unlocks and answers refer to it.");
        var id = section.Word("id");
        if (id is not null && !ChallengeIdForm.IsMatch(id.Value))
            faults.Add(id, $"The challenge id {PlainText.Shown(id.Value)} is not 1 to 48 of a-z, 0-9 and '-'.", Rename("id", id.Value, "c" + number));

        var settings = ReadSettings(section, defaults);
        return new Draft(new Challenge
        {
            Id = id?.Value ?? "",
            Name = section.Line("name", HuntFile.TitleMax) ?? id?.Value ?? "",
            Category = section.Line("category", HuntFile.CategoryMax) ?? "",
            Text = section.Prose("text", HuntFile.TextMax) ?? "",
            Points = settings.Points,
            Answer = Answers(section, settings.Normalise),
            Attempts = settings.Attempts,
            Final = section.Flag("final") ?? false,
        }, section, AllOf(section));
    }

    AnswerRule Answers(YamlSection section, Normalisation normalise)
    {
        section.Require("answers", "Add the accepted answers, for example 'answers: [Lima]'.");
        var texts = section.Texts("answers");
        if (texts.IsDefault) return unread;
        if (texts.IsEmpty) faults.Add(section.At("answers"), $"'answers' in {section.Name} is empty: nobody could solve it.", "Add at least one, for example 'answers: [Lima]'.");
        if (texts.Length > HuntFile.AnswersMax)
            faults.Add(section.At("answers"), FormattableString.Invariant($"{section.Name} accepts {texts.Length:N0} answers; the most is {HuntFile.AnswersMax:N0}."), "Leave out those that are equal after normalisation.");
        var fit = texts.Where(text => IsAnswer(text, section, normalise)).Select(text => text.Value).ToList();
        return fit.Count > 0 ? AnswerRule.Text(fit, normalise) : unread;
    }

    bool IsAnswer(YamlText text, YamlSection section, Normalisation normalise)
    {
        if (text.Value.Length > AnswerRule.LengthMax)
            faults.Add(text, $"An answer of {section.Name} has {text.Value.Length} characters; the most is {AnswerRule.LengthMax}.", "Ask for something shorter: hunters type it on telephones.");
        else if (PlainText.Intruder(text.Value, lines: false) is { } intruder)
            faults.Add(text, $"The answer {PlainText.Shown(text.Value)} of {section.Name} holds {intruder}, which hunters cannot type.", "Delete it.");
        else if (AnswerRule.Normal(text.Value, normalise).Length == 0)
            faults.Add(text, $"Nothing is left of the answer {PlainText.Shown(text.Value)} of {section.Name} after normalisation.",
                "Write an answer with letters or digits, or choose what to normalise, for example 'normalise: [case]'.");
        else return true;
        return false;
    }

    ImmutableArray<YamlText> AllOf(YamlSection section)
    {
        const string example = "{ all_of: [c01, c02] }";
        if (section.Map("unlock", example) is not { } map) return [];
        var unlock = new YamlSection(map, $"'unlock' of {section.Name}", UnlockKeys, faults);
        unlock.Require("all_of", $"Write 'unlock: {example}', or leave 'unlock' out if the challenge is open from the start.");
        var targets = unlock.Texts("all_of");
        if (targets is { IsDefault: false, IsEmpty: true })
            faults.Add(unlock.At("all_of"), $"'all_of' in {unlock.Name} is empty.", "Name challenges, or leave 'unlock' out if the challenge is open from the start.");
        return targets.IsDefault ? [] : targets;
    }

    void RefuseTwice(IEnumerable<Draft> drafts, string key, Func<Draft, string> value)
    {
        var seen = new Dictionary<string, Draft>(StringComparer.Ordinal);
        foreach (var draft in drafts)
        {
            if (value(draft) is not "" and var text && !seen.TryAdd(text, draft))
                faults.Add(draft.Section.At(key), $"The {key} {PlainText.Shown(text)} is already that of the challenge in line {seen[text].Section.At("id").Line}.", $"Give each challenge {(key == "id" ? "an id" : "a name")} of its own.");
        }
    }

    void RefuseSecondFinal(List<Draft> drafts)
    {
        var finals = drafts.Where(draft => draft.Challenge.Final).ToList();
        foreach (var draft in finals.Skip(1))
            faults.Add(draft.Section.At("final"), $"{Capital(draft.Section.Name)} is a second final challenge; {finals[0].Section.Name} is one already.", "A hunt ends once: take 'final: true' from one of them.");
    }

    void RefuseTooManyPoints(YamlList list, List<Draft> drafts)
    {
        var points = drafts.Sum(draft => (long)draft.Challenge.Points);
        if (points > HuntFile.PointsSumMax)
            faults.Add(list, FormattableString.Invariant($"The challenges are worth {points:N0} points together; the most is {HuntFile.PointsSumMax:N0}."), "Make them worth less: scores of eleven digits say no more than those of three.");
    }

    ImmutableArray<Challenge> Unlocked(List<Draft> drafts)
    {
        var indices = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < drafts.Count; i++) indices.TryAdd(drafts[i].Challenge.Id, i);
        var requires = drafts.Select(draft => Requires(draft, indices)).ToImmutableArray();

        foreach (var (cycle, waiting) in UnlockGraph.Cycles(requires).Take(Faults.Most))
        {
            var path = string.Join(" → ", cycle.Append(cycle[0]).Select(i => drafts[i].Challenge.Id));
            var behind = waiting switch { 0 => "", 1 => " One more challenge waits behind them.", _ => $" {waiting} more challenges wait behind them." };
            faults.Add(drafts[cycle[0]].Section.At("unlock"), $"These challenges wait for each other, so nobody ever sees them: {path} (each needs the next).{behind}",
                "Take one of them out of another's 'unlock'.");
        }
        return [.. drafts.Select((draft, i) => draft.Challenge with { Requires = requires[i] })];
    }

    ImmutableArray<int> Requires(Draft draft, Dictionary<string, int> indices)
    {
        var requires = ImmutableArray.CreateBuilder<int>(draft.AllOf.Length);
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var target in draft.AllOf)
        {
            if (!named.Add(target.Value))
                faults.Add(target, $"{Capital(draft.Section.Name)} names {PlainText.Shown(target.Value)} twice in its 'unlock'.", "Once is enough; perhaps another challenge was meant.");
            else if (indices.TryGetValue(target.Value, out var index))
                requires.Add(index);
            else
                faults.Add(target, $"{Capital(draft.Section.Name)} is unlocked by {PlainText.Shown(target.Value)}, and there is no such challenge.",
                    !faults.Full && Suggestion.For(target.Value, indices.Keys) is { } meant ? $"Did you mean '{meant}'?" : "Write the id of a challenge of this hunt.");
        }
        return requires.DrainToImmutable();
    }

    T? OneOf<T>(YamlSection section, string key, (string Name, T Value)[] choices) where T : struct =>
        section.Word(key) is { } text ? Named(text, key, choices, "") : null;

    T? Named<T>(YamlText text, string key, (string Name, T Value)[] choices, string orElse) where T : struct
    {
        foreach (var (name, value) in choices)
            if (name == text.Value) return value;
        var names = choices.Select(choice => choice.Name).ToList();
        var meant = Suggestion.For(text.Value, names);
        faults.Add(text, $"'{key}' knows no {PlainText.Shown(text.Value)}.", (meant is null ? "" : $"Did you mean '{meant}'? ") + $"It knows {string.Join(", ", names)}{orElse}.");
        return null;
    }

    static string Rename(string key, string written, string otherwise)
    {
        var slug = NotInIds.Replace(written.ToLowerInvariant(), "-").Trim('-');
        if (key == "hunt") slug = slug.TrimStart([.. "0123456789-"]);
        return $"Write for example '{key}: {(slug is { Length: > 0 and <= 48 } ? slug : otherwise)}'.";
    }

    static string Capital(string sentence) => char.ToUpperInvariant(sentence[0]) + sentence[1..];

    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,47}\z")]
    private static partial Regex HuntIdForm { get; }

    [GeneratedRegex(@"^[a-z0-9-]{1,48}\z")]
    private static partial Regex ChallengeIdForm { get; }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotInIds { get; }
}
