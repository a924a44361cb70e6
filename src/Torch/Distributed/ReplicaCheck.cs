using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>Finds out whether all processes have the same model, before a collective mixes up or waits for what does not fit.</summary>
internal static class ReplicaCheck
{
    /// <summary>Compares what the processes have.</summary>
    /// <exception cref="InvalidOperationException">Two processes differ. All throw it.</exception>
    public static void Run(nn.Module module, ICollectives collectives)
    {
        string[] own =
        [
            .. module.named_parameters().Select(entry => Describe("parameter", entry.name, entry.parameter) + (entry.parameter.requires_grad ? string.Empty : ", frozen")),
            .. module.named_buffers().Select(entry => Describe("buffer", entry.name, entry.buffer)),
        ];
        string[][] all = [.. collectives.GatherTexts(string.Join('\n', own)).Select(text => text.Split('\n'))];
        for (int rank = 1; rank < all.Length; rank++)
        {
            int place = FirstDifference(all[0], all[rank]);
            if (place >= 0)
            {
                throw new InvalidOperationException(
                    $"The processes have different models: process 0 has {At(all[0], place)} where process {rank} has {At(all[rank], place)}. Build the same model in all "
                    + "processes; it may not depend on the rank.");
            }
        }
    }

    private static int FirstDifference(string[] one, string[] other)
    {
        int shared = Math.Min(one.Length, other.Length);
        int place = Enumerable.Range(0, shared).FirstOrDefault(i => one[i] != other[i], shared);
        return place < Math.Max(one.Length, other.Length) ? place : -1;
    }

    private static string At(string[] entries, int place) => place < entries.Length ? entries[place] : "nothing";

    private static string Describe(string kind, string name, Tensor tensor) => $"the {kind} {name} ({tensor.dtype} [{string.Join(", ", tensor.shape)}])";
}
