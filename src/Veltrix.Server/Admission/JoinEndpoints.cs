using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;

namespace Veltrix.Server.Admission;

/// <summary>The way in: which hunts there are, joining one, and what a hunter sees of it.</summary>
public static class JoinEndpoints
{
    internal static void MapJoin(this IEndpointRouteBuilder routes, HuntDirectory hunts, Admissions house)
    {
        var keyring = house.Keyring;
        var joins = new Joins(house, new InviteTries(house.Clock));

        routes.MapGet("/v1/hunts", () => new HuntList([.. hunts.All.Select(Line).OfType<HuntLine>().OrderBy(h => h.Id, StringComparer.Ordinal)]))
            .WithSummary("All hunts of this server");

        routes.MapGet("/v1/hunts/{hunt}", IResult (string hunt) =>
            hunts.Find(hunt)?.View.Read(Card) is { } card ? TypedResults.Ok(card) : Problems.NoHunt(hunt))
            .Produces<HuntCard>().ProducesProblem(404).WithSummary("One hunt");

        routes.MapPost("/v1/hunts/{hunt}/join", (string hunt, JoinRequest request, HttpContext context) =>
            hunts.Find(hunt) is { } live ? joins.Join(live, request, context) : Task.FromResult<IResult>(Problems.NoHunt(hunt)))
            .Produces<Joined>(201).Produces<WaitingCard>(202).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(428).ProducesProblem(429).ProducesProblem(503)
            .WithSummary("Enter a hunt as a guest, or wait for a seat in it");

        routes.MapGet("/v1/hunts/{hunt}/place", (string hunt, HttpRequest request) =>
            hunts.Find(hunt) is { } live ? joins.Place(live, request) : Task.FromResult<IResult>(Problems.NoHunt(hunt)))
            .Produces<WaitingCard>().ProducesProblem(401).ProducesProblem(404).ProducesProblem(503)
            .WithSummary("Where the holder of a ticket stands");

        routes.MapPost("/v1/hunts/{hunt}/passes", (string hunt, PassesRequest body, HttpRequest request) =>
            hunts.Find(hunt) is { } live ? joins.IssuePasses(live, body, request) : Problems.NoHunt(hunt))
            .Produces<Passes>(201).ProducesProblem(400).ProducesProblem(401).ProducesProblem(404)
            .WithSummary("Priority passes, each for one hunter");

        routes.MapGet("/v1/hunts/{hunt}/challenges", (string hunt, HttpRequest request) =>
            AsHunter(hunts, keyring, hunt, request, (state, _, _, hunter) => Challenges(state, state.Teams[hunter.Team])))
            .Produces<ChallengeList>().ProducesProblem(401).ProducesProblem(404).WithSummary("The challenges that are open to the hunter's team, and those it has solved");

        routes.MapGet("/v1/hunts/{hunt}/me", (string hunt, HttpRequest request) => AsHunter(hunts, keyring, hunt, request, Myself))
            .Produces<Me>().ProducesProblem(401).ProducesProblem(404).WithSummary("Where the hunter stands");
    }

    static async Task<IResult> AsHunter<T>(HuntDirectory hunts, Keyring keyring, string hunt, HttpRequest request, Func<HuntState, Board, long, Hunter, T> look)
        where T : class
    {
        if (hunts.Find(hunt) is not { } live) return Problems.NoHunt(hunt);
        if (BearerToken.Of(request, keyring) is not { } grant || !grant.Allows(Scopes.Hunter, hunt)) return Problems.NotAllowed("hunter");
        if (!await live.Knows(grant.Subject)) return Problems.NotAllowed("hunter");
        var seen = live.View.Read((state, board, position) => state.FindHunter(grant.Subject) is { } hunter ? look(state, board, position, hunter) : null);
        return seen is null ? Problems.NotAllowed("hunter") : TypedResults.Ok(seen);
    }

    static HuntLine? Line(LiveHunt hunt) => hunt.View.Read((state, board) =>
    {
        if (state.Model is not { } model) return null;
        var times = HuntTimes.Of(state);
        return new HuntLine(hunt.Id, model.Definition.Title, Live.Frames.Name(state.Phase), times.OpensMs, times.ClosesMs, times.ClosesForAllMs, board.Count);
    });

    static HuntCard? Card(HuntState state, Board board, long position)
    {
        if (state.Model?.Definition is not { } definition) return null;
        var times = HuntTimes.Of(state);
        return new HuntCard(
            definition.Id, definition.Title, definition.Description, Live.Frames.Name(state.Phase), times.OpensMs, times.ClosesMs, times.ClosesForAllMs, board.Count,
            definition.TeamSize, definition.Ranking == RankingRule.FinishFirst ? "finish-first" : "score-then-time", definition.Challenges.Length,
            new AsOf(position, state.TimeMs));
    }

    internal static TeamCard Card(Team team) => new(team.Number, team.Name, team.Invite.Length > 0 ? team.Invite : null);

    static Me Myself(HuntState state, Board board, long position, Hunter hunter)
    {
        var team = state.Teams[hunter.Team];
        return new Me(
            hunter.Id, hunter.Nickname, Card(team), team.Score, board.Contains(team.Number) ? board.Rank(team.Number) : null, team.CreditMs > 0 ? team.CreditMs : null,
            new AsOf(position, state.TimeMs));
    }

    static ChallengeList Challenges(HuntState state, Team team)
    {
        var all = state.Model!.Challenges;
        if (state.Phase == HuntPhase.Scheduled) return new ChallengeList([], all.Length);
        var cards = new List<ChallengeCard>();
        for (var c = 0; c < all.Length; c++)
        {
            if (!team.HasUnlocked(all[c])) continue;
            var left = all[c].Attempts is { } most ? Math.Max(0, most - team.WrongAnswers(c)) : (int?)null;
            cards.Add(new ChallengeCard(all[c].Id, all[c].Name, all[c].Category, all[c].Text, all[c].Points, team.HasSolved(c) ? "solved" : "open", left));
        }

        return new ChallengeList(cards, all.Length - cards.Count);
    }
}

/// <summary>The token of a request's Authorization header.</summary>
public static class BearerToken
{
    const string Scheme = "Bearer ";

    /// <returns>What it grants; null where there is none or it does not hold.</returns>
    public static Grant? Of(HttpRequest request, Keyring keyring) =>
        TextOf(request) is { } text ? keyring.Read(text) : null;

    /// <summary>The header's text as it is; null where there is none.</summary>
    public static string? TextOf(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
}
