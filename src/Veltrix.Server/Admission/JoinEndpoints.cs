using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Veltrix.EventLog;
using Veltrix.Hunts;

namespace Veltrix.Server.Admission;

/// <summary>The way in: which hunts there are, joining one, and what a hunter sees of it.</summary>
public static class JoinEndpoints
{
    public static void MapJoin(this IEndpointRouteBuilder routes, HuntDirectory hunts, Keyring keyring, InviteTries tries)
    {
        routes.MapGet("/v1/hunts", () => new HuntList([.. hunts.All.Select(Line).OfType<HuntLine>().OrderBy(h => h.Id, StringComparer.Ordinal)]))
            .WithSummary("All hunts of this server");

        routes.MapGet("/v1/hunts/{hunt}", IResult (string hunt) =>
            hunts.Find(hunt)?.View.Read(Card) is { } card ? TypedResults.Ok(card) : Problems.NoHunt(hunt))
            .Produces<HuntCard>().ProducesProblem(404).WithSummary("One hunt");

        routes.MapPost("/v1/hunts/{hunt}/join", (string hunt, JoinRequest request, HttpContext context) =>
            hunts.Find(hunt) is { } live ? Join(live, request, context, keyring, tries) : Task.FromResult<IResult>(Problems.NoHunt(hunt)))
            .Produces<Joined>(201).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(429).ProducesProblem(503)
            .WithSummary("Enter a hunt as a guest");

        routes.MapGet("/v1/hunts/{hunt}/challenges", (string hunt, HttpRequest request) =>
            AsHunter(hunts, keyring, hunt, request, (state, _, _, hunter) => Challenges(state, state.Teams[hunter.Team])))
            .Produces<ChallengeList>().ProducesProblem(401).ProducesProblem(404).WithSummary("The challenges that are open to the hunter's team, and those it has solved");

        routes.MapGet("/v1/hunts/{hunt}/me", (string hunt, HttpRequest request) => AsHunter(hunts, keyring, hunt, request, Myself))
            .Produces<Me>().ProducesProblem(401).ProducesProblem(404).WithSummary("Where the hunter stands");
    }

    static async Task<IResult> Join(LiveHunt hunt, JoinRequest request, HttpContext context, Keyring keyring, InviteTries tries)
    {
        if (!Nickname.TryParse(request.Nickname ?? "", out var nickname, out var fault)) return BadName("nickname", fault);
        if (!TeamWishes.TryRead(request.Team, out var team, out fault)) return BadName("team", fault);
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (team is TeamChoice.ByInvite && !tries.MayTry(address, out var wait)) return TooManyTries(context, wait);

        var hunter = TeamWishes.NewHunter();
        LedgerRecord.Decided decided;
        try
        {
            decided = await hunt.Play(Envelope.Of(new CommandId(hunter, "join", 1), new Command.Join(nickname, team)), context.RequestAborted);
        }
        catch (EventLogException e)
        {
            return Problems.Unavailable(e);
        }

        if (decided.Facts.OfType<Fact.JoinRefused>().FirstOrDefault() is { } refused)
        {
            if (refused.Reason == Refusal.UnknownInvite) tries.CountWrong(address);
            return Problems.Refused(refused.Reason);
        }

        var card = hunt.View.Read((state, _) => Card(state.Teams[state.FindHunter(hunter)!.Team]));
        return TypedResults.Created($"/v1/hunts/{hunt.Id}/me", new Joined(hunter, keyring.Issue(Scopes.Hunter, hunt.Id, hunter), nickname, card));
    }

    static IResult BadName(string member, string fault) => Problems.Of(StatusCodes.Status400BadRequest, "BadMember", $"{member}: {fault}", ("member", member));

    static IResult TooManyTries(HttpContext context, TimeSpan wait)
    {
        var seconds = (int)Math.Ceiling(wait.TotalSeconds) + Random.Shared.Next(3);
        context.Response.Headers.RetryAfter = seconds.ToString();
        return Problems.Of(
            StatusCodes.Status429TooManyRequests, "TooManyTries",
            $"more than {InviteTries.Most} wrong invite codes from this address within {InviteTries.Window.TotalSeconds} s; try again in {seconds} s", ("limit", InviteTries.Most));
    }

    static IResult AsHunter<T>(HuntDirectory hunts, Keyring keyring, string hunt, HttpRequest request, Func<HuntState, Board, long, Hunter, T> look)
        where T : class
    {
        if (hunts.Find(hunt) is not { } live) return Problems.NoHunt(hunt);
        if (BearerToken.Of(request, keyring) is not { } grant || !grant.Allows(Scopes.Hunter, hunt)) return Problems.NotAllowed("hunter");
        var seen = live.View.Read((state, board, position) => state.FindHunter(grant.Subject) is { } hunter ? look(state, board, position, hunter) : null);
        return seen is null ? Problems.NotAllowed("hunter") : TypedResults.Ok(seen);
    }

    static HuntLine? Line(LiveHunt hunt) => hunt.View.Read((state, board) => state.Model is not { } model
        ? null
        : new HuntLine(hunt.Id, model.Definition.Title, Live.Frames.Name(state.Phase), state.OpenedMs ?? model.Definition.OpensMs, state.ClosesMs, board.Count));

    static HuntCard? Card(HuntState state, Board board, long position) => state.Model?.Definition is not { } definition
        ? null
        : new HuntCard(
            definition.Id, definition.Title, definition.Description, Live.Frames.Name(state.Phase), state.OpenedMs ?? definition.OpensMs, state.ClosesMs, board.Count,
            definition.TeamSize, definition.Ranking == RankingRule.FinishFirst ? "finish-first" : "score-then-time", definition.Challenges.Length,
            new AsOf(position, state.TimeMs));

    static TeamCard Card(Team team) => new(team.Number, team.Name, team.Invite.Length > 0 ? team.Invite : null);

    static Me Myself(HuntState state, Board board, long position, Hunter hunter)
    {
        var team = state.Teams[hunter.Team];
        return new Me(hunter.Id, hunter.Nickname, Card(team), team.Score, board.Contains(team.Number) ? board.Rank(team.Number) : null, new AsOf(position, state.TimeMs));
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
        request.Headers.Authorization.ToString() is var header && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? keyring.Read(header[Scheme.Length..].Trim()) : null;
}
