namespace Veltrix.Control;

/// <summary>A key that was given to somebody and can be taken back. It holds while its row says so. Times are milliseconds since 1970.</summary>
public sealed record AccessKey
{
    /// <summary>In the token, in lists and in logs.</summary>
    public required string Id { get; init; }

    /// <summary>What it allows, as the server's scopes are numbered.</summary>
    public required int Scopes { get; init; }

    /// <summary>In which hunt; <c>*</c>: in all.</summary>
    public required string Hunt { get; init; }

    /// <summary>Whose it is: the name that stands in ledgers beside what is done with it.</summary>
    public required string Name { get; init; }

    public required long IssuedMs { get; init; }

    public required string IssuedBy { get; init; }

    public required string Why { get; init; }

    /// <summary>Null: until it is taken back.</summary>
    public long? UntilMs { get; init; }

    /// <summary>The id of the signing key: it ends with that one.</summary>
    public required string SignedBy { get; init; }

    public long? RevokedMs { get; init; }

    public string? RevokedBy { get; init; }

    public string? RevokedWhy { get; init; }
}
