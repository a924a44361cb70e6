using Compat.Engine.Optim;
using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>TorchSharp's own optimizers in a wrapper.</summary>
public sealed class TorchSharpOptimizersTests
{
    public static TheoryData<string> Names => [.. Makers.Keys];

    private static Dictionary<string, Func<IEnumerable<Parameter>, optim.Optimizer>> Makers { get; } = new()
    {
        ["SGD"] = parameters => optim.SGD(parameters, 0.1, momentum: 0.9),
        ["Adam"] = parameters => optim.Adam(parameters, 0.1),
        ["AdamW"] = parameters => optim.AdamW(parameters, 0.1),
        ["Adagrad"] = parameters => optim.Adagrad(parameters, 0.1),
        ["RMSProp"] = parameters => optim.RMSProp(parameters, 0.1),
        ["Adadelta"] = parameters => optim.Adadelta(parameters, 0.1),
        ["Adamax"] = parameters => optim.Adamax(parameters, 0.1),
        ["NAdam"] = parameters => optim.NAdam(parameters, 0.1),
        ["RAdam"] = parameters => optim.RAdam(parameters, 0.1),
        ["Rprop"] = parameters => optim.Rprop(parameters, 0.1),
        ["ASGD"] = parameters => optim.ASGD(parameters, 0.1),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_trains_accumulates_and_is_clipped_as_if_driven_by_hand(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear wrapped = nn.Linear(3, 1, hasBias: false);
        Parameter byHand = new(wrapped.weight.detach().clone());
        float[] before = byHand.data<float>().ToArray();
        using optim.Optimizer inWrapper = Makers[name](wrapped.parameters());
        using optim.Optimizer alone = Makers[name]([byHand]);
        using OptimWrapper wrapper = new(
            new() { Optimizer = new BuiltOptimizer(inWrapper), AccumulativeCounts = 2, ClipGrad = new GradClipNormOptions { MaxNorm = 0.5 } }, wrapped);

        for (int i = 0; i < 6; i++)
        {
            wrapper.UpdateParams(Loss(wrapped.weight!, i));
            (Loss(byHand, i) / 2).backward();
            if (i % 2 == 1)
            {
                ClipGradNorm.Apply([byHand], 0.5);
                alone.step();
                byHand.grad = null;
            }
        }

        wrapped.weight!.data<float>().ToArray().Should().Equal(byHand.data<float>().ToArray());
        wrapped.weight!.data<float>().ToArray().Should().NotEqual(before);
    }

    [Fact]
    public void One_that_needs_a_closure_is_refused_when_the_wrapper_is_built()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(3, 1);
        using optim.Optimizer lbfgs = optim.LBFGS(model.parameters());
        Action act = () => new OptimWrapper(new() { Optimizer = new BuiltOptimizer(lbfgs) }, model);

        act.Should().Throw<NotSupportedException>().WithMessage("LBFGS cannot be trained with here: it needs a closure*NAdam, RAdam, RMSProp, Rprop or ASGD.*");
    }

    private static Tensor Loss(Tensor weight, int i) => (weight * (i + 1)).pow(2).sum();
}
