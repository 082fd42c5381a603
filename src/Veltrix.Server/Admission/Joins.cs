using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Veltrix.EventLog;
using Veltrix.Gate;
using Veltrix.Hosting;
using Veltrix.Hunts;

namespace Veltrix.Server.Admission;

/// <summary>How somebody gets into a hunt over HTTP.</summary>
/// <remarks>
/// <list type="number">
/// <item><see cref="Join"/>: what was written must make sense, and an old ticket must be one.</item>
/// <item><see cref="Guard"/>: while seats are scarce a newcomer shows a pass, or keeps its address range's pace and does a little work.</item>
/// <item>What the hunt would refuse anyhow is refused now: nobody waits for nothing.</item>
/// <item><see cref="AskForSeat"/>: the gate gives a seat, or a place in the waiting room, which is answered 202 with a ticket.</item>
/// <item><see cref="Enter"/>: only now the hunt's log hears of it. Waiting costs the log nothing.</item>
/// </list>
/// </remarks>
sealed partial class Joins(Admissions house, InviteTries tries)
{
    const int PassesMax = 10_000;
    const int WhyLengthMax = 500;

    readonly ILogger logger = house.Logger;

    public async Task<IResult> Join(LiveHunt hunt, JoinRequest request, HttpContext context)
    {
        if (!Nickname.TryParse(request.Nickname ?? "", out var nickname, out var fault)) return BadMember("nickname", fault);
        if (!TeamWishes.TryRead(request.Team, out var team, out fault)) return BadMember("team", fault);
        var from = ClientAddress.Of(context, house.Settings);
        var address = from.Address;
        if (team is TeamChoice.ByInvite && !tries.MayTry(address, out var wait)) return TooManyTries(context, wait);

        var turnstile = house.Of(hunt);
        await turnstile.BeReady();
        Ticket? ticket;
        if (request.Ticket is { } text)
        {
            ticket = Ticket.Read(house.Keyring, hunt.Id, text);
            if (ticket is null) return Problems.Of(StatusCodes.Status400BadRequest, "TicketInvalid", "this ticket was not given out here for this hunt; join without it", ("member", "ticket"));
        }
        else
        {
            // Nobody is asked for work at a closed door. Who comes with a pass or a proof may have joined already.
            if (!turnstile.IsOpen && request is { Pass: null, Proof: null }) return Refused(hunt, AdmissionClosed(turnstile, context, turnstile.WhyClosed));
            if (Guard(turnstile, request, from, context, out var hunter) is { } refused) return Refused(hunt, refused);
            ticket = new Ticket(hunt.Id, hunter, (house.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, turnstile.DrawsAt() is not null, request.Pass is not null);
        }

        if (Already(hunt, ticket.Hunter, nickname) is { } before) return before;
        var join = Envelope.Of(new CommandId(ticket.Hunter, "join", 1), new Command.Join(nickname, team));
        if (Foreseen(hunt, request.Ticket is null ? join : Credited(hunt, ticket, join)) is { } reason) return Refuse(hunt, reason, address);
        return turnstile.IsOpen || (request.Ticket is not null && await WasLetIn(turnstile, ticket))
            ? await AskForSeat(hunt, turnstile, ticket, join, isNew: request.Ticket is null, address, context)
            : Refused(hunt, AdmissionClosed(turnstile, context, turnstile.WhyClosed));
    }

    static async Task<bool> WasLetIn(Turnstile turnstile, Ticket ticket)
    {
        try
        {
            return await turnstile.HoldsSeat(ticket);
        }
        catch (GateException)
        {
            return false; // why the door is closed is said anyway
        }
    }

    async Task<IResult> AskForSeat(LiveHunt hunt, Turnstile turnstile, Ticket ticket, Envelope join, bool isNew, IPAddress address, HttpContext context)
    {
        SeatAnswer answer;
        try
        {
            answer = await turnstile.Ask(ticket);
        }
        catch (GateException e)
        {
            return Refused(hunt, AdmissionClosed(turnstile, context, e.Message));
        }

        if (answer.State == SeatState.Seated) return await Enter(hunt, turnstile, ticket, join, waited: !isNew, address, context);
        if (isNew) house.Metrics.Queued(hunt.Id);
        return TypedResults.Json(turnstile.Card(ticket.Hunter, ticket.Drawn, answer) with { Ticket = ticket.Sign(house.Keyring) }, ApiJson.Default.WaitingCard, statusCode: StatusCodes.Status202Accepted);
    }

    /// <summary>Where the holder of a ticket stands, for those without a socket.</summary>
    public async Task<IResult> Place(LiveHunt hunt, HttpRequest request)
    {
        if (BearerToken.TextOf(request) is not { } text || Ticket.Read(house.Keyring, hunt.Id, text) is not { } ticket)
            return Problems.Of(StatusCodes.Status401Unauthorized, "TicketInvalid", "this needs the ticket of a join in the header Authorization: Bearer …");
        var turnstile = house.Of(hunt);
        try
        {
            return TypedResults.Ok(await turnstile.Look(ticket));
        }
        catch (GateException)
        {
            // The ticket is the place; only where it stands is not known just now.
            return TypedResults.Ok(turnstile.Card(ticket.Hunter, ticket.Drawn));
        }
    }

    public IResult IssuePasses(LiveHunt hunt, PassesRequest body, HttpRequest request)
    {
        if (BearerToken.Of(request, house.Keyring) is not { } grant || !grant.Allows(Scopes.Organiser, hunt.Id)) return Problems.NotAllowed("organiser");
        if (body.Count is not (>= 1 and <= PassesMax)) return BadMember("count", $"1 to {PassesMax:N0} passes at once, not {body.Count?.ToString(CultureInfo.InvariantCulture) ?? "none"}");
        if ((body.Why ?? "").Length is 0 or > WhyLengthMax) return BadMember("why", $"a reason of 1 to {WhyLengthMax} characters");
        LogPasses(hunt.Id, body.Count.Value, grant.Subject, body.Why!);
        return TypedResults.Json(
            new Passes([.. Enumerable.Range(0, body.Count.Value).Select(_ => house.Keyring.Issue(Scopes.Priority, hunt.Id, TeamWishes.NewHunter()))]), ApiJson.Default.Passes,
            statusCode: StatusCodes.Status201Created);
    }

    /// <summary>Who the newcomer is, or why it may not come now. A pass and a proof each make one hunter, however often they are shown.</summary>
    IResult? Guard(Turnstile turnstile, JoinRequest request, ClientAddress from, HttpContext context, out string hunter)
    {
        hunter = TeamWishes.NewHunter();
        if (request.Pass is { } pass)
        {
            if (house.Keyring.Read(pass) is not { } grant || !grant.Allows(Scopes.Priority, turnstile.Hunt)) return BadMember("pass", "this is no priority pass of this hunt", "PassInvalid");
            hunter = TeamWishes.HunterOf(house.Keyring.Draw("pass", $"{turnstile.Hunt}\0{grant.Subject}"));
            return null;
        }

        if (!turnstile.IsGuarded) return null;
        var address = from.Address;
        if (!from.IsHidden && house.Settings.Get(Keys.JoinUnguarded, turnstile.Hunt).Contain(address)) return null;
        var bits = house.Settings.Get(Keys.JoinProofBits, turnstile.Hunt);
        if (bits > 0 && !house.Proofs.Holds(request.Proof ?? new(null, null), turnstile.Hunt, address, bits, out hunter)) return ProofNeeded(turnstile.Hunt, address, bits);
        return KeepsPace(turnstile.Hunt, address, context);
    }

    IResult? KeepsPace(string hunt, IPAddress address, HttpContext context)
    {
        var most = house.Settings.Get(Keys.JoinPace, hunt);
        var range = AddressRange.Of(address);
        var taken = house.Pace.TryTake($"{hunt} {range}", most, out var left, out var wait);
        var seconds = (int)Math.Ceiling(wait.TotalSeconds);
        context.Response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"join\";q={most};w=60");
        context.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"join\";r={left};t={seconds}");
        if (taken) return null;
        seconds += Random.Shared.Next(1, 4);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problems.Of(
            StatusCodes.Status429TooManyRequests, "JoinPace",
            $"seats are scarce, and so at most {most:N0} joins a minute come from one address range ({range}); this one is above that, try again in {seconds} s",
            [("limit", most), ("value", most - left), .. SetBy(Keys.JoinPace, hunt)]);
    }

    IResult ProofNeeded(string hunt, IPAddress address, long bits) => Problems.Of(
        StatusCodes.Status428PreconditionRequired, "ProofNeeded",
        $"seats are scarce, and so a join costs a little work: find a nonce for which SHA-256(challenge + \".\" + nonce) begins with {bits} zero bits, and send proof {{challenge, nonce}} "
        + $"within {ProofOfWork.Lifetime.TotalSeconds} s",
        [("challenge", house.Proofs.Challenge(hunt, address, bits)), ("bits", bits), ("limit", bits), .. SetBy(Keys.JoinProofBits, hunt)]);

    /// <summary>What the hunt would say to this join now, if that is no.</summary>
    Refusal? Foreseen(LiveHunt hunt, Envelope join) => hunt.View.Read((state, _) =>
        Referee.Decide(state, join, state.GameTime(null, house.Clock.GetUtcNow().ToUnixTimeMilliseconds())).OfType<Fact.JoinRefused>().FirstOrDefault()?.Reason);

    // A ticket, pass or proof that was used already is the hunter it made: whoever lost the answer asks again.
    IResult? Already(LiveHunt hunt, string hunter, string nickname)
    {
        var (card, banned) = hunt.View.Read((state, _) => state.FindHunter(hunter) is { } known ? (JoinEndpoints.Card(state.Teams[known.Team]), known.Banned) : (null, false));
        return card is null ? null : banned ? Problems.Refused(Refusal.Banned) : Created(hunt, hunter, nickname, card);
    }

    async Task<IResult> Enter(LiveHunt hunt, Turnstile turnstile, Ticket ticket, Envelope join, bool waited, IPAddress address, HttpContext context)
    {
        LedgerRecord.Decided decided;
        try
        {
            decided = await hunt.Play(waited ? Credited(hunt, ticket, join) : join, context.RequestAborted);
        }
        catch (EventLogException e)
        {
            await turnstile.GiveUp(ticket.Hunter);
            return Problems.Unavailable(e);
        }

        if (decided.Facts.OfType<Fact.JoinRefused>().FirstOrDefault() is { } refused)
        {
            await turnstile.GiveUp(ticket.Hunter);
            return Refuse(hunt, refused.Reason, address);
        }

        house.Metrics.Admitted(hunt.Id, waited ? TimeSpan.FromMilliseconds(house.Clock.GetUtcNow().ToUnixTimeMilliseconds() - ticket.ArrivedMs) : TimeSpan.Zero);
        var card = hunt.View.Read((state, _) => JoinEndpoints.Card(state.Teams[state.FindHunter(ticket.Hunter)!.Team]));
        return Created(hunt, ticket.Hunter, ((Command.Join)join.Command).Nickname, card);
    }

    /// <summary>The join with what its hunter has waited up to now, and what that earns.</summary>
    Envelope Credited(LiveHunt hunt, Ticket ticket, Envelope join)
    {
        var wait = WaitOf(hunt, ticket);
        var credit = LateCredit.For(wait, house.Settings, hunt.Id);
        return join with { Command = (Command.Join)join.Command with { WaitedMs = (long)wait.TotalMilliseconds, CreditMs = (long)credit.TotalMilliseconds } };
    }

    /// <summary>How long it waited while others could play: since it came, or since the hunt opened.</summary>
    TimeSpan WaitOf(LiveHunt hunt, Ticket ticket)
    {
        var opened = hunt.View.Read((state, _) => state.OpenedMs);
        return opened is not { } since ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(0, house.Clock.GetUtcNow().ToUnixTimeMilliseconds() - Math.Max(since, ticket.ArrivedMs)));
    }

    IResult Created(LiveHunt hunt, string hunter, string nickname, TeamCard card) =>
        TypedResults.Created($"/v1/hunts/{hunt.Id}/me", new Joined(hunter, house.Keyring.Issue(Scopes.Hunter, hunt.Id, hunter), nickname, card));

    IResult AdmissionClosed(Turnstile turnstile, HttpContext context, string why)
    {
        // Spread, so that a crowd that was refused together does not come back together.
        var seconds = Random.Shared.Next(3, 10);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problems.Of(
            StatusCodes.Status503ServiceUnavailable, "AdmissionClosed",
            $"nobody new is let in just now: {why}. Those who play go on. At most {turnstile.Limit:N0} may play, {turnstile.Seated:N0} do; try again in {seconds} s",
            [("limit", turnstile.Limit), ("value", turnstile.Seated), .. Members(turnstile.Source)]);
    }

    IResult Refuse(LiveHunt hunt, Refusal reason, IPAddress address)
    {
        if (reason == Refusal.UnknownInvite) tries.CountWrong(address);
        return Refused(hunt, Problems.Refused(reason));
    }

    IResult Refused(LiveHunt hunt, IResult answer)
    {
        house.Metrics.Refused(hunt.Id);
        return answer;
    }

    IEnumerable<(string, object?)> SetBy(Key key, string hunt) => Members(LimitSource.Of(key, house.Settings, hunt));

    static IEnumerable<(string, object?)> Members(LimitSource source) => [("key", source.Key), ("origin", source.Origin), ("page", source.Page)];

    static IResult BadMember(string member, string fault, string code = "BadMember") =>
        Problems.Of(StatusCodes.Status400BadRequest, code, $"{member}: {fault}", ("member", member));

    static IResult TooManyTries(HttpContext context, TimeSpan wait)
    {
        var seconds = (int)Math.Ceiling(wait.TotalSeconds) + Random.Shared.Next(3);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problems.Of(
            StatusCodes.Status429TooManyRequests, "TooManyTries",
            $"more than {InviteTries.Most} wrong invite codes from this address within {InviteTries.Window.TotalSeconds} s; try again in {seconds} s", ("limit", InviteTries.Most));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "hunt {Hunt}: {Count} priority passes issued by {Who}: {Why}")]
    partial void LogPasses(string hunt, int count, string who, string why);
}
