using Compat.Legacy;
using Compat.Legacy.Runners;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Support;

/// <summary>A runner with a member of its own that moves its counters, as MMCV's <c>resume</c> does.</summary>
public sealed class ResumingRunner(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
{
    public void ResumeAt(int epoch, int iter)
    {
        State.Epoch = epoch;
        State.Iter = iter;
    }
}
