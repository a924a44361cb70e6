namespace Compat.Torch.Distributed;

/// <summary>Which of the training processes this is. The default is the only one.</summary>
/// <remarks>Source: rank and world size of PyTorch's <c>torch.distributed</c>.</remarks>
public readonly record struct ProcessRank
{
    private readonly int others;

    /// <summary>Says which process this is.</summary>
    /// <param name="rank">Its number, from 0.</param>
    /// <param name="worldSize">How many there are, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such process.</exception>
    public ProcessRank(int rank, int worldSize)
    {
        if (worldSize < 1 || rank < 0 || rank >= worldSize)
        {
            throw new ArgumentOutOfRangeException(
                nameof(rank), rank, $"Rank is {rank} of {worldSize} processes; it must be from 0 to the number of processes less 1, and there is at least one process.");
        }

        Rank = rank;
        others = worldSize - 1;
    }

    /// <summary>Gets the number of this process, from 0.</summary>
    public int Rank { get; }

    /// <summary>Gets how many processes train together, at least 1.</summary>
    public int WorldSize => others + 1;
}
