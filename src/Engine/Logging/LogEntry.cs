namespace Compat.Engine.Logging;

/// <summary>What is logged at one moment: the values, for files and other backends, and the line that shows them.</summary>
/// <param name="Values">
/// The values by name, in order: of each history a <see langword="double"/>, of <c>epoch</c> and <c>iter</c> an <see langword="int"/>, and of a piece of
/// information what the message hub holds. More than the line shows: counters are in its header.
/// </param>
/// <param name="Line">The line, without time stamp and level.</param>
public sealed record LogEntry(IReadOnlyDictionary<string, object?> Values, string Line);
