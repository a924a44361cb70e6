using Compat.Engine.Optim;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>Two wrappers by name. In each iteration the first is updated, and the second in every other one: this one itself counts no update.</summary>
internal sealed class PairWrapper(nn.Module first, nn.Module second) : BaseOptimWrapper
{
    private readonly Dictionary<string, BaseOptimWrapper> members = new()
    {
        ["first"] = new OptimWrapper(new() { Optimizer = new FusedSgdOptions { Lr = 1 } }, first),
        ["second"] = new OptimWrapper(new() { Optimizer = new FusedSgdOptions { Lr = 1 } }, second),
    };

    private int calls;

    public override IReadOnlyDictionary<string, BaseOptimWrapper> Members => members;

    public override IReadOnlyList<LrEntry> LrEntries => [];

    public override IReadOnlyList<OptimizerGroup> ParamGroups => [.. members.Values.SelectMany(member => member.ParamGroups)];

    public override bool KeepGradients { get; set; }

    public override void UpdateParams(Tensor loss)
    {
        members["first"].UpdateParams(loss);
        if (++calls % 2 == 0)
        {
            using Tensor other = second.parameters().First().sum();
            members["second"].UpdateParams(other);
        }
    }

    public override void Backward(Tensor loss) => throw new NotSupportedException();

    public override void Step() => throw new NotSupportedException();

    public override void ZeroGrad() => throw new NotSupportedException();

    public override PthDict SaveState() => [];

    public override void LoadState(PthDict state)
    {
    }

    public override PthDict SaveProgress() => [];

    public override void LoadProgress(PthDict progress)
    {
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        foreach (BaseOptimWrapper member in members.Values)
        {
            member.Dispose();
        }
    }
}
