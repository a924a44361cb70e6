using Compat.Torch.Distributed;

namespace Compat.Mpi.Ranks;

/// <summary>Something that all ranks do together; an exception on any of them is a failed test.</summary>
/// <param name="Name">What holds, as a sentence with underscores.</param>
/// <param name="Run">What each rank does.</param>
internal sealed record RankCase(string Name, Action<ICollectives> Run);
