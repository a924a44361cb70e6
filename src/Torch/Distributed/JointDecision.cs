using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>Something that all processes do as soon as one of them wants it, for example ending the training.</summary>
/// <remarks>
/// A process that acted on its own wish would leave the others waiting. The wish goes along with the next exchange of gradients
/// (<see cref="ModelReplica.Decisions"/>), which costs no wait of its own, or with <see cref="Settle"/>; both let all processes know at the same point.
/// </remarks>
/// <param name="collectives">The processes.</param>
public sealed class JointDecision(ICollectives collectives)
{
    private volatile bool isWanted;
    private bool isMade;

    /// <summary>Gets or sets whether this process wants it.</summary>
    /// <value>The default is <see langword="false"/>. It may be set from any thread.</value>
    public bool IsWanted
    {
        get => isWanted;
        set => isWanted = value;
    }

    /// <summary>Gets whether it is decided.</summary>
    /// <value>Whether some process wanted it when they last met; of a process that trains alone, whether it wants it.</value>
    public bool IsMade => collectives.Rank.WorldSize == 1 ? isWanted : isMade;

    /// <summary>Lets the processes meet now. All call it together.</summary>
    /// <param name="collectives">The processes.</param>
    /// <param name="decisions">What is to be decided, the same everywhere.</param>
    public static void Settle(ICollectives collectives, IReadOnlyList<JointDecision> decisions)
    {
        ArgumentNullException.ThrowIfNull(collectives);
        ArgumentNullException.ThrowIfNull(decisions);
        if (collectives.Rank.WorldSize > 1)
        {
            using Tensor votes = tensor([.. decisions.Select(decision => decision.Vote)], int32);
            collectives.AllReduce(votes);
            Make(decisions, votes.data<int>().ToArray());
        }
    }

    /// <summary>Gets this process's vote; the sum of all goes to <see cref="Make"/>.</summary>
    internal int Vote => isWanted ? 1 : 0;

    internal static void Make(IReadOnlyList<JointDecision> decisions, ReadOnlySpan<int> votes)
    {
        for (int i = 0; i < decisions.Count; i++)
        {
            decisions[i].isMade = votes[i] > 0;
        }
    }
}
