namespace Compat.Mpi.Ranks.Joined;

/// <summary>Which samples use the spare layer of <see cref="CurveNet"/>.</summary>
internal enum SpareUse
{
    /// <summary>None.</summary>
    Never,

    /// <summary>One in twelve: in some iterations that of a single rank, in others that of none.</summary>
    Rarely,

    /// <summary>All of the first iteration, then as <see cref="Rarely"/>.</summary>
    AtFirst,

    /// <summary>All of every other iteration, beginning with the first one.</summary>
    EveryOtherIteration,
}
