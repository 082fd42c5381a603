using System.Diagnostics.CodeAnalysis;

namespace Veltrix.Hosting;

/// <summary>For what a key holds: the whole process, or each hunt for itself.</summary>
public enum Reach
{
    Process,
    Hunt,
}

/// <summary>Whom a change reaches.</summary>
public enum Acts
{
    /// <summary>Everybody, within seconds.</summary>
    AtOnce,
    /// <summary>Those who come after it; who is in keeps what he came under.</summary>
    OnNewSessions,
    /// <summary>The process that starts next; one that runs keeps what it was started with. For what a process is built on, and never for limits.</summary>
    AtStart,
}

/// <summary>
/// One setting, declared once in <see cref="Keys"/>. Validation, <c>docs/reference/config.md</c>, the JSON schema and <c>veltrix config explain</c> come from here.
/// </summary>
public abstract class Key
{
    /// <summary>As written in files: lower case, words joined by <c>_</c>, groups by <c>.</c></summary>
    public required string Name { get; init; }

    public required Reach Reach { get; init; }

    public Acts Acts { get; init; } = Acts.AtOnce;

    /// <summary>What one of it is: <c>hunters</c>, <c>ratio</c>, <c>time</c>, <c>bytes</c>, <c>name</c>, <c>switch</c>.</summary>
    public required string Unit { get; init; }

    /// <summary>What it does, for an operator at night.</summary>
    public required string Sentence { get; init; }

    /// <summary>The default as it would be written in a file.</summary>
    public abstract string DefaultText { get; }

    /// <summary>The same as the program gets it.</summary>
    public abstract object? DefaultValue { get; }

    /// <summary>How its values are written: a <see cref="Notation{T}"/>.</summary>
    public abstract object Form { get; }

    /// <summary>The allowed values in words: <c>1 to 1,000,000</c>, <c>one of a, b, c</c>.</summary>
    public abstract string RangeText { get; }

    /// <summary>Reads a value as written.</summary>
    /// <param name="value">Null where it could not be read, and where <c>none</c> is a value of this key.</param>
    /// <param name="fault">What is wrong and what would be right, in a clause: <c>is 0; 1 to 1,000,000 is allowed</c>.</param>
    public abstract bool TryRead(string text, out object? value, [NotNullWhen(false)] out string? fault);

    /// <summary>A value as it would be written.</summary>
    public abstract string Write(object? value);
}

/// <inheritdoc/>
/// <typeparam name="T">What the program gets: <c>int</c>, <c>double</c>, <c>TimeSpan</c>, <c>bool</c>, <c>string</c>, or one of them nullable.</typeparam>
public sealed class Key<T>(T standard, Notation<T> notation) : Key
{
    public T Default { get; } = standard;

    public Notation<T> Notation { get; } = notation;

    /// <summary>Whether a value that came otherwise than as text, from another process, could have been written.</summary>
    public bool Allows(T value) => Notation.TryRead(Notation.Write(value), out _, out _);

    public override string DefaultText => Notation.Write(Default);

    public override object? DefaultValue => Default;

    public override object Form => Notation;

    public override string RangeText => Notation.Range;

    public override bool TryRead(string text, out object? value, [NotNullWhen(false)] out string? fault)
    {
        var read = Notation.TryRead(text, out var typed, out fault);
        value = read ? typed : null;
        return read;
    }

    public override string Write(object? value) => Notation.Write((T)value!);
}
