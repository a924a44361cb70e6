using Compat.Adapters.Equivalence;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>What one program of the seed did.</summary>
public sealed record SeedToyRun(TrainingTrace Trace, IReadOnlyList<string> Lines);
