using System.Text;

namespace Compat.Torch.Distributed;

/// <summary>Texts between processes.</summary>
public static class CollectivesTexts
{
    /// <summary>Collects a text from every process.</summary>
    /// <param name="collectives">The processes.</param>
    /// <param name="text">This process's text.</param>
    /// <returns>The texts in the order of the processes.</returns>
    public static string[] GatherTexts(this ICollectives collectives, string text)
    {
        ArgumentNullException.ThrowIfNull(collectives);
        return [.. collectives.AllGather(Encoding.UTF8.GetBytes(text)).Select(Encoding.UTF8.GetString)];
    }

    /// <summary>Gives everybody the text of process 0.</summary>
    /// <param name="collectives">The processes.</param>
    /// <param name="text">This process's text; ignored where it is not process 0.</param>
    /// <returns>The text of process 0.</returns>
    public static string ShareText(this ICollectives collectives, string text)
    {
        ArgumentNullException.ThrowIfNull(collectives);
        return Encoding.UTF8.GetString(collectives.Broadcast(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Refuses trainings of different lengths, in which processes would wait for others that have finished.</summary>
    /// <param name="collectives">The processes. All call this together.</param>
    /// <param name="length">How long this process's training is, in words.</param>
    /// <param name="roundUp">How the setting is written that lets a sampler repeat samples, for the message.</param>
    /// <exception cref="InvalidOperationException">The lengths differ. All processes throw it.</exception>
    public static void RequireSameLength(this ICollectives collectives, string length, string roundUp)
    {
        string[] all = collectives.GatherTexts(length);
        if (all.Any(one => one != all[0]))
        {
            throw new InvalidOperationException(
                $"The processes have trainings of different lengths: {string.Join("; ", all.Select((one, rank) => $"process {rank} has {one}"))}. They must have the "
                + $"same, or some would wait for others that have finished. Let the sampler repeat samples ({roundUp}), and drop the last batch where it is short.");
        }
    }

    /// <summary>Refuses a pass over the data that was shorter or longer than announced: the other processes train on, and would wait for this one's gradients.</summary>
    /// <param name="collectives">The processes.</param>
    /// <param name="batches">How many batches there were.</param>
    /// <param name="announced">How many the loader said that there would be.</param>
    /// <exception cref="InvalidOperationException">Several processes train, and the numbers differ.</exception>
    public static void RequireWholePass(this ICollectives collectives, int batches, int announced)
    {
        ArgumentNullException.ThrowIfNull(collectives);
        if (collectives.Rank.WorldSize > 1 && batches != announced)
        {
            throw new InvalidOperationException(
                $"The loader of process {collectives.Rank.Rank} gave {batches} batches instead of the {announced} that it had announced, so the processes are out of step. Let "
                + "the sampler's Count be the number of indices that a pass gives.");
        }
    }
}
