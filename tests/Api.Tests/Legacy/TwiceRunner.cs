using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Legacy;

/// <summary>A user's own old runner: a mode <c>twice</c> trains an epoch on the data two times over.</summary>
internal sealed class TwiceRunner(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
{
    public int Epochs { get; private set; }

    protected override Func<BatchLoader, IEnumerable<int>> ResolveMode(string mode) => mode == "twice" ? Twice : base.ResolveMode(mode);

    private IEnumerable<int> Twice(BatchLoader loader)
    {
        foreach (int iter in Train(loader))
        {
            yield return iter;
        }

        foreach (int iter in Train(loader))
        {
            yield return iter;
        }

        Epochs += 2;
    }
}
