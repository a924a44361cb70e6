namespace Compat.TestSupport;

/// <summary>A group of cases of the program <c>Mpi.Ranks</c>, for <see cref="RankCaseTests{TCases}"/>.</summary>
public interface IRankCases
{
    /// <summary>Gets the group's name in the program.</summary>
    static abstract string Group { get; }

    /// <summary>Gets the names of all of its cases.</summary>
    static abstract IReadOnlyList<string> Names { get; }
}
