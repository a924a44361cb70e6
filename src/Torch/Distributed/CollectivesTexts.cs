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
}
