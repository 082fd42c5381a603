using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Admission;
using Veltrix.Server.Ledgers;
using Veltrix.Server.Scoring;

namespace Veltrix.Server.Organising;

/// <summary>What an organiser does to a hunt: each a command with who and why, decided in the same order as everything else.</summary>
public static class OrganiserEndpoints
{
    const int DefinitionBytesMax = 1_000_000;
    internal const int WhyLengthMax = 500;
    const int TextLengthMax = 1000;
    const int HunterLengthMax = 36;

    /// <summary>Far more than the referee allows, and far from where sums overflow.</summary>
    const long PointsMax = 1_000_000_000_000;

    public static void MapOrganising(this IEndpointRouteBuilder routes, HuntDirectory hunts, Keyring keyring, string dataFolder, TimeProvider clock)
    {
        routes.MapPost("/v1/hunts", (HttpRequest request, bool open = false, string? clock = null) => Publish(hunts, keyring, request, open, clock))
            .Accepts<string>("application/yaml").Produces<Published>(201).ProducesProblem(401).ProducesProblem(409).ProducesProblem(413).ProducesProblem(422).ProducesProblem(503)
            .WithSummary("Publish a hunt");

        routes.MapPost("/v1/hunts/{hunt}/actions/{action}", (string hunt, string action, ActionRequest body, HttpRequest request) =>
            Act(hunts, keyring, hunt, action, body, request))
            .Produces<ActionTaken>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503)
            .WithSummary("open, pause, resume, extend, close, adjust, ban or announce");

        routes.MapGet("/v1/hunts/{hunt}/ledger", async Task<IResult> (string hunt, HttpRequest request, long after = 0, string format = "ndjson") =>
        {
            if (hunts.Find(hunt) is not { } live) return Problems.NoHunt(hunt);
            if (!MayAudit(request, keyring, hunt)) return Problems.NotAllowed("organiser or audit");
            if (!Enum.TryParse(format, ignoreCase: true, out LedgerForm form) || !Enum.IsDefined(form) || char.IsDigit(format[0]))
                return Problems.Of(StatusCodes.Status400BadRequest, "BadMember", $"format is 'ndjson' or 'protobuf', not '{format}'");
            // A backup holds everything that was acknowledged before it was asked for.
            await live.Settle(request.HttpContext.RequestAborted);
            var upTo = live.View.Read((_, _, position) => position);
            return TypedResults.Stream(
                body => LedgerExport.Write(live.Ledger, hunt, form, after, upTo, clock, body, request.HttpContext.RequestAborted),
                form == LedgerForm.Protobuf ? "application/x-protobuf" : "application/x-ndjson");
        }).WithSummary("The ledger up to its present end, as NDJSON or as protobuf");

        routes.MapPost("/v1/hunts/{hunt}/verify", async Task<IResult> (string hunt, HttpRequest request) =>
        {
            if (hunts.Find(hunt) is not { } live) return Problems.NoHunt(hunt);
            if (!MayAudit(request, keyring, hunt)) return Problems.NotAllowed("organiser or audit");
            return TypedResults.Ok(await Task.Run(() => Verification.Of(live, LiveHunt.CheckpointsOf(dataFolder, hunt))));
        }).Produces<VerifyReport>().ProducesProblem(401).ProducesProblem(404).WithSummary("Fold the ledger from zero and compare");
    }

    static async Task<IResult> Publish(HuntDirectory hunts, Keyring keyring, HttpRequest request, bool open, string? clock)
    {
        if (BearerToken.Of(request, keyring) is not { } grant || !grant.Allows(Scopes.Organiser, "*")) return Problems.NotAllowed("organiser");
        if (clock is not (null or "recorded")) return Problems.Of(StatusCodes.Status400BadRequest, "BadMember", $"clock is 'recorded' or absent, not '{clock}'");
        var recorded = clock is not null;
        if (recorded && !grant.Allows(Scopes.Replay, "*")) return Problems.NotAllowed("replay");

        var bytes = request.ContentLength > DefinitionBytesMax ? null : await ReadBody(request, DefinitionBytesMax);
        if (bytes is null) return Problems.Of(StatusCodes.Status413PayloadTooLarge, "TooLarge", $"a definition has at most {DefinitionBytesMax:N0} bytes", ("limit", DefinitionBytesMax));
        var text = Encoding.UTF8.GetString(bytes);
        var read = HuntFile.Read(text);
        if (read.Definition is not { } definition)
            return Problems.Of(
                StatusCodes.Status422UnprocessableEntity, "BadDefinition", $"the definition has {read.Faults.Length} fault(s)",
                ("faults", (IReadOnlyList<FaultLine>)[.. read.Faults.Select(FaultLine.Of)]));

        if (hunts.Settings.CheckDefinition(definition.Id, HuntSettings.Written(definition)) is { Count: > 0 } wrong)
            return Problems.Of(
                StatusCodes.Status422UnprocessableEntity, "BadDefinition", $"the definition's settings have {wrong.Count} fault(s)",
                ("faults", (IReadOnlyList<FaultLine>)[.. wrong.Select(fault => new FaultLine(fault.Line, fault.Column, fault.Message, fault.Remedy))]));

        try
        {
            var hunt = await hunts.Open(definition.Id, request.HttpContext.RequestAborted);
            // A replay starts at the beginning of time; from there its commands say what time it is.
            var published = await hunt.Play(By(grant, "", new Command.Publish(text, recorded)) with { AtMs = recorded ? 0 : null }, request.HttpContext.RequestAborted);
            if (published.Facts is [.., Fact.ActionRefused refused]) return Problems.Refused(refused.Reason);
            if (open) published = await hunt.Play(By(grant, "opened with its publication", new Command.Open()), request.HttpContext.RequestAborted);
            return TypedResults.Created($"/v1/hunts/{definition.Id}", new Published(definition.Id, published.CommandPosition));
        }
        catch (EventLogException e)
        {
            return Problems.Unavailable(e);
        }
    }

    static async Task<IResult> Act(HuntDirectory hunts, Keyring keyring, string hunt, string action, ActionRequest body, HttpRequest request)
    {
        if (hunts.Find(hunt) is not { } live) return Problems.NoHunt(hunt);
        if (BearerToken.Of(request, keyring) is not { } grant || !grant.Allows(Scopes.Organiser, hunt)) return Problems.NotAllowed("organiser");
        if ((body.Why ?? "").Length > WhyLengthMax) return Missing($"why has at most {WhyLengthMax} characters");
        Command? command = (action, body) switch
        {
            ("open", _) => new Command.Open(),
            ("pause", _) => new Command.Pause(),
            ("resume", _) => new Command.Resume(),
            ("close", _) => new Command.Close(),
            ("extend", { Closes: { } closes }) => new Command.Extend(closes),
            ("adjust", { Team: { } team, Points: { } points and >= -PointsMax and <= PointsMax }) => new Command.Adjust(team, points),
            ("ban", { Hunter: { Length: > 0 and <= HunterLengthMax } hunter }) => new Command.Ban(hunter),
            ("announce", { Text: { Length: > 0 and <= TextLengthMax } text }) => new Command.Announce(text),
            _ => null,
        };
        if (command is null)
            return Missing(
                "an action is open, pause, resume, close, extend {closes: milliseconds}, adjust {team, points}, ban {hunter} "
                + $"or announce {{text: 1 to {TextLengthMax} characters}}; why is welcome with all");

        try
        {
            var decided = await live.Play(By(grant, body.Why ?? "", command), request.HttpContext.RequestAborted);
            return decided.Facts is [.., Fact.ActionRefused refused]
                ? Problems.Refused(refused.Reason)
                : TypedResults.Ok(new ActionTaken(decided.CommandPosition, [.. FactJson.Of(decided)]));
        }
        catch (EventLogException e)
        {
            return Problems.Unavailable(e);
        }

        static IResult Missing(string detail) => Problems.Of(StatusCodes.Status400BadRequest, "BadMember", detail);
    }

    // An organiser's command has an instance of its own, so that it can be waited for; it is never a repeat.
    internal static Envelope By(Grant grant, string why, Command command) => new(new CommandId("", TeamWishes.NewHunter(), 1), grant.Subject, why, null, command);

    static bool MayAudit(HttpRequest request, Keyring keyring, string hunt) =>
        BearerToken.Of(request, keyring) is { } grant && grant.Allows(Scopes.Organiser | Scopes.Audit, hunt);

    static async Task<byte[]?> ReadBody(HttpRequest request, int most)
    {
        var buffer = new MemoryStream();
        var part = new byte[16 * 1024];
        while (await request.Body.ReadAsync(part) is var count and > 0)
        {
            if (buffer.Length + count > most) return null;
            buffer.Write(part, 0, count);
        }

        return buffer.ToArray();
    }
}
