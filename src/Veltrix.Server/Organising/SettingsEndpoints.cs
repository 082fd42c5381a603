using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Veltrix.EventLog;
using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Server.Admission;
using Veltrix.Server.Ledgers;

namespace Veltrix.Server.Organising;

/// <summary>
/// What is set, and by whom; and a person's override for one hunt. An override is a command with who and why like everything an organiser does: it is in the ledger, every server that folds
/// it has it, and it ends by itself.
/// </summary>
public static class SettingsEndpoints
{
    public static void MapSettings(this IEndpointRouteBuilder routes, HuntDirectory hunts, Keyring keyring)
    {
        routes.MapGet("/v1/settings", IResult (HttpRequest request) =>
            MayRead(request, keyring, "*") ? TypedResults.Ok(All(hunts.Settings, null)) : Problems.NotAllowed("organiser"))
            .Produces<SettingList>().ProducesProblem(401).WithSummary("Every key as it is for the process, and for hunts that set nothing of their own");

        routes.MapGet("/v1/settings/status", IResult (HttpRequest request) =>
            MayRead(request, keyring, "*") ? TypedResults.Ok(SettingsStatus.Of(hunts)) : Problems.NotAllowed("organiser"))
            .Produces<SettingsStatus>().ProducesProblem(401).WithSummary("What became of the last edit of hunt-config.yml");

        routes.MapGet("/v1/hunts/{hunt}/settings", IResult (string hunt, HttpRequest request) =>
        {
            if (hunts.Find(hunt) is null) return Problems.NoHunt(hunt);
            return MayRead(request, keyring, hunt) ? TypedResults.Ok(All(hunts.Settings, hunt)) : Problems.NotAllowed("organiser");
        }).Produces<SettingList>().ProducesProblem(401).ProducesProblem(404).WithSummary("Every key as it is for a hunt");

        routes.MapPost("/v1/hunts/{hunt}/settings", (string hunt, SettingRequest body, HttpRequest request) => Set(hunts, keyring, hunt, body, request))
            .Produces<SettingTaken>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503).WithSummary("Override a key for a hunt");

        routes.MapDelete("/v1/hunts/{hunt}/settings/{key}", (string hunt, string key, HttpRequest request, string? why = null) => Unset(hunts, keyring, hunt, key, why, request))
            .Produces<SettingTaken>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503).WithSummary("Take an override back");
    }

    static Task<IResult> Set(HuntDirectory hunts, Keyring keyring, string hunt, SettingRequest body, HttpRequest request)
    {
        if (Text(body.Value) is not { } value || body.Key is not { Length: > 0 } key)
            return Task.FromResult<IResult>(Problems.Of(StatusCodes.Status400BadRequest, "BadMember", "a setting is {key, value: a text, number, true, false or list of texts, why, until: milliseconds or absent}"));
        return Decide(hunts, keyring, hunt, key, body.Why, new Command.SetOverride(key, value, body.Until), request, hunts.Settings.CheckOverride(hunt, key, value));
    }

    static Task<IResult> Unset(HuntDirectory hunts, Keyring keyring, string hunt, string key, string? why, HttpRequest request) =>
        Decide(hunts, keyring, hunt, key, why, new Command.UnsetOverride(key), request, hunts.Settings.CheckRestore(hunt, key));

    static async Task<IResult> Decide(HuntDirectory hunts, Keyring keyring, string hunt, string key, string? why, Command command, HttpRequest request, ConfigFault? fault)
    {
        if (hunts.Find(hunt) is not { } live) return Problems.NoHunt(hunt);
        if (BearerToken.Of(request, keyring) is not { } grant || !grant.Allows(Scopes.Organiser, hunt)) return Problems.NotAllowed("organiser");
        if (string.IsNullOrWhiteSpace(why) || why.Length > OrganiserEndpoints.WhyLengthMax)
            return Problems.Of(StatusCodes.Status400BadRequest, "WhyNeeded", $"why is needed, 1 to {OrganiserEndpoints.WhyLengthMax} characters: whoever meets this setting at night will ask");
        if (fault is not null)
            return Problems.Of(StatusCodes.Status400BadRequest, "BadSetting", fault.Message, ("key", fault.Key), ("value", fault.Value), ("remedy", fault.Remedy));

        try
        {
            var decided = await live.Play(OrganiserEndpoints.By(grant, why, command), request.HttpContext.RequestAborted);
            if (decided.Facts is [.., Fact.ActionRefused refused]) return Problems.Refused(refused.Reason);
            live.ShowSettings();
            return TypedResults.Ok(new SettingTaken(decided.CommandPosition, [.. FactJson.Of(decided)], SettingCard.Of(hunts.Settings.Explain(Keys.Find(key)!, hunt))));
        }
        catch (EventLogException e)
        {
            return Problems.Unavailable(e);
        }
    }

    static SettingList All(Settings settings, string? hunt) =>
        new(hunt, [.. Keys.All.Select(key => SettingCard.Of(settings.Explain(key, hunt)))]);

    static bool MayRead(HttpRequest request, Keyring keyring, string hunt) => BearerToken.Of(request, keyring) is { } grant && grant.Allows(Scopes.Organiser, hunt);

    /// <summary>A value as it would be written in a file; null where it cannot be one.</summary>
    static string? Text(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } plain => plain.GetRawText(),
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => string.Join(", ", list.EnumerateArray().Select(item => item.GetString())),
        _ => null,
    };
}
