using System.Globalization;
using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

public sealed class TorchSharpOptimizerStateTests
{
    private const string Gradients = """
        import sys, torch
        def run(optimizer, weights, begin, end):
            for i in range(begin, end):
                for weight in weights:
                    weight.grad = (weight.detach() * (i + 1)).sin()
                optimizer.step()

        def show(tensors):
            print(' '.join(repr(v) for tensor in tensors for v in torch.as_tensor(tensor).flatten().tolist()))

        saved = torch.load(sys.argv[1])
        weights = [torch.nn.Parameter(weight) for weight in saved['weights']]
        optimizer = getattr(torch.optim, sys.argv[2])([{'params': weights[:1]}, {'params': weights[1:], 'lr': 0.02}], lr=0.01)

        """;

    // Takes over our state, shows it, and goes on.
    private const string GoOn = Gradients + """
        optimizer.load_state_dict(saved['optimizer'])
        show(value for weight in weights for name, value in sorted(optimizer.state[weight].items()))
        run(optimizer, weights, 5, 8)
        show(weights)
        """;

    // Trains five steps, saves, and goes on.
    private const string Begin = Gradients + """
        run(optimizer, weights, 0, 5)
        torch.save({'weights': [weight.detach().clone() for weight in weights], 'optimizer': optimizer.state_dict()}, sys.argv[1])
        run(optimizer, weights, 5, 8)
        show(weights)
        """;

    // TorchSharp's RAdam multiplies by the learning rate twice once it rectifies; PyTorch 1.13's NAdam multiplies the next product by mu once too often, which later ones do not.
    private static readonly string[] OtherRules = ["RAdam", "NAdam"];

    public static TheoryData<string> Names => [.. Makers.Keys];

    // Two groups, and settings that are not the defaults.
    private static Dictionary<string, Func<Parameter[], Parameter[], optim.Optimizer>> Makers { get; } = new()
    {
        ["SGD"] = (one, two) => optim.SGD([new SGD.ParamGroup { Parameters = one }, new(two, 0.02, 0.5)], 0.05, momentum: 0.9, dampening: 0.1, weight_decay: 0.01),
        ["Adam"] = (one, two) => optim.Adam([new Adam.ParamGroup { Parameters = one }, new(two, 0.02)], 0.05, beta1: 0.8, beta2: 0.95, weight_decay: 0.01, amsgrad: true),
        ["AdamW"] = (one, two) => optim.AdamW([new AdamW.ParamGroup { Parameters = one }, new(two, 0.02)], 0.05, beta1: 0.8, beta2: 0.95, amsgrad: true),
        ["Adagrad"] = (one, two) => optim.Adagrad([new Adagrad.ParamGroup { Parameters = one }, new(two, 0.02)], 0.05, lr_decay: 0.1, initial_accumulator_value: 0.2),
        ["RMSprop"] = (one, two) => optim.RMSProp([new RMSProp.ParamGroup { Parameters = one }, new(two, 0.02)], 0.05, alpha: 0.9, momentum: 0.5, centered: true),
        ["Adadelta"] = (one, two) => optim.Adadelta([new Adadelta.ParamGroup { Parameters = one }, new(two, 0.5)], 0.8, rho: 0.8, weight_decay: 0.01),
        ["Adamax"] = (one, two) => optim.Adamax([new Adamax.ParamGroup { Parameters = one }, new(two, 0.02)], 0.05, beta1: 0.8, beta2: 0.95),
        ["NAdam"] = (one, two) => optim.NAdam([new NAdam.ParamGroup { Parameters = one }, new(two, 0.02)], 0.05, beta1: 0.8, momentum_decay: 0.01),
        ["RAdam"] = (one, two) => optim.RAdam([new RAdam.ParamGroup { Parameters = one }, new(two, 0.02)], 0.05, beta1: 0.8, beta2: 0.9),
        ["Rprop"] = (one, two) => optim.Rprop([new Rprop.ParamGroup { Parameters = one }, new(two, 0.02)], 0.05, etaminus: 0.4, etaplus: 1.3),
        ["ASGD"] = (one, two) => optim.ASGD([new ASGD.ParamGroup { Parameters = one }, new ASGD.ParamGroup(two, 0.02)], 0.05, lambd: 0.1, t0: 2),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Ten_steps_saved_and_ten_more_are_twenty_steps(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Parameter[] straight = Weights();
        using optim.Optimizer whole = Make(name, straight);
        Run(whole, straight, 0, 20);
        Parameter[] parted = Weights();
        using optim.Optimizer first = Make(name, parted);
        Run(first, parted, 0, 10);
        PthFile.Write(folder.File("o.pth"), first.SaveState());
        Parameter[] forgetful = [.. parted.Select(weight => new Parameter(weight.detach().clone()))];
        using optim.Optimizer second = Make(name, parted);
        using optim.Optimizer fresh = Make(name, forgetful);

        using (PthFile file = PthFile.Read(folder.File("o.pth")))
        using (NewDisposeScope())
        {
            second.LoadState((PthDict)file.Root);                     // what is loaded outlives the file and this scope
        }

        Run(second, parted, 10, 20);
        Run(fresh, forgetful, 10, 20);

        Values(parted).Should().Equal(Values(straight));
        Values(forgetful).Should().NotEqual(Values(straight), "without the state it goes another way");
    }

    [PythonTheory]
    [MemberData(nameof(Names))]
    public void PyTorch_takes_our_state_over_and_goes_on_as_we_do(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Parameter[] weights = Weights();
        using optim.Optimizer optimizer = Make(name, weights);
        Run(optimizer, weights, 0, 5);
        PthDict state = optimizer.SaveState();
        Write(folder.File("o.pth"), weights, state);

        double[][] theirs = Parse(PythonFactAttribute.Run(GoOn, folder.File("o.pth"), name));

        IEnumerable<float> saved =
            from parameter in (PthDict)state["state"]
            from entry in ((PthDict)parameter.Value).OrderBy(entry => ((PthText)entry.Key).Value, StringComparer.Ordinal)
            from value in ((PthTensor)entry.Value).Value.to(ScalarType.Float32).reshape(-1).ToArray()
            select value;
        theirs[0].Select(value => (float)value).Should().Equal(saved);
        Run(optimizer, weights, 5, 8);
        AreSame(theirs[1], weights).Should().Be(!OtherRules.Contains(name));
    }

    [PythonTheory]
    [MemberData(nameof(Names))]
    public void We_take_PyTorchs_state_over_and_go_on_as_it_does(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Write(folder.File("o.pth"), Weights(), []);
        double[] theirs = Parse(PythonFactAttribute.Run(Begin, folder.File("o.pth"), name))[0];
        using PthFile file = PthFile.Read(folder.File("o.pth"));
        PthDict root = (PthDict)file.Root;
        Parameter[] weights = [.. ((PthSequence)root["weights"]).Items.Select(item => new Parameter(((PthTensor)item).Value.clone()))];
        using optim.Optimizer optimizer = Make(name, weights);

        optimizer.LoadState((PthDict)root["optimizer"]);

        OptimizerGroup.Of(optimizer).Select(group => group.Lr).Should().Equal(0.01, 0.02);
        Run(optimizer, weights, 5, 8);
        AreSame(theirs, weights).Should().Be(!OtherRules.Contains(name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_parameter_that_got_no_gradient_goes_on_as_if_nothing_was_saved(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] weights = Weights();
        using optim.Optimizer optimizer = Make(name, weights);
        Run(optimizer, weights[1..], 0, 5);
        using optim.Optimizer loaded = Make(name, weights);
        Run(loaded, weights, 0, 1);                                   // so that there is something to forget

        loaded.LoadState(optimizer.SaveState());

        Parameter[] copies = [.. weights.Select(weight => new Parameter(weight.detach().clone()))];
        using optim.Optimizer original = Make(name, copies);
        original.LoadState(optimizer.SaveState());
        Run(loaded, weights, 5, 8);
        Run(original, copies, 5, 8);
        Values(copies).Should().Equal(Values(weights));
        Values(weights[..1]).Should().NotEqual(Values(Weights()[..1]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_scheduled_and_clipped_like_every_other(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] weights = Weights();
        using optim.Optimizer optimizer = Make(name, weights);
        IReadOnlyList<OptimizerGroup> groups = OptimizerGroup.Of(optimizer);
        groups.Should().HaveCount(2);
        Array.ForEach(weights, weight => weight.grad = ones_like(weight) * 100);

        ClipGradNorm.Apply(optimizer.parameters(), 1)!.item<float>().Should().BeApproximately(346.41f, 0.01f, "twelve gradients of 100");
        groups[0].Lr = 0.5;
        groups[0].InitialLr = 0.25;
        optimizer.step();

        PthDict saved = (PthDict)((PthSequence)optimizer.SaveState()["param_groups"]).Items[0];
        (saved["lr"], saved["initial_lr"]).Should().Be((new PthFloat(0.5), new PthFloat(0.25)));
        OptimizerGroup.ClearGradients(optimizer);
        Array.TrueForAll(weights, weight => weight.grad is null).Should().BeTrue();
        Values(weights).Should().NotEqual(Values(Weights()));
    }

    [Fact]
    public void Saving_and_loading_leave_nothing_behind()
    {
        foreach ((string name, _) in Makers)
        {
            Parameter[] weights;
            optim.Optimizer optimizer;
            using (DisposeScope making = NewDisposeScope())
            {
                weights = Weights();
                making.Detach(weights);
                optimizer = Make(name, weights);
                Run(optimizer, weights, 0, 2);
                Array.ForEach(weights, weight => weight.grad = null);
                optimizer.LoadState(optimizer.SaveState());
            }

            long before = LiveTensors.Settled();
            using (NewDisposeScope())
            {
                optimizer.LoadState(optimizer.SaveState());
            }

            Tensor.TotalCount.Should().Be(before, name);
            optimizer.Dispose();
            Array.ForEach(weights, weight => weight.Dispose());
        }
    }

    [Fact]
    public void The_state_of_another_kind_is_refused_and_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] weights = Weights();
        using optim.Optimizer adam = Make("Adam", weights);
        Run(adam, weights, 0, 2);
        using optim.Optimizer rprop = Make("Rprop", weights);
        using FusedSgd sgd = new([new(weights[..1], new() { Lr = 0.3 }), new(weights[1..], new() { Lr = 0.4 })]);
        Action toRprop = () => rprop.LoadState(adam.SaveState());
        Action toFused = () => sgd.LoadState(adam.SaveState());

        toRprop.Should().Throw<PthException>().WithMessage(
            "The state has 'exp_avg', which this optimizer does not keep (it keeps step, prev, step_size). Load the state of the same kind of optimizer.");
        toFused.Should().Throw<PthException>().WithMessage("The state has 'step', which this optimizer does not keep (it keeps momentum_buffer).*");
        OptimizerGroup.Of(sgd).Select(group => group.Lr).Should().Equal(0.3, 0.4);
        OptimizerGroup.Of(rprop).Select(group => group.Lr).Should().Equal(0.05, 0.02);
    }

    [Fact]
    public void Adam_of_TorchSharp_and_ours_take_over_from_each_other()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] weights = Weights();
        using optim.Optimizer theirs = optim.Adam(weights, 0.05, beta1: 0.8);
        Run(theirs, weights, 0, 5);
        using FusedAdam ours = new(weights);
        ours.LoadState(theirs.SaveState());
        using optim.Optimizer again = optim.Adam(weights, 0.9);
        again.LoadState(ours.SaveState());
        float[] before = Values(weights);

        Run(again, weights, 5, 8);
        float[] after = Values(weights);

        foreach ((Parameter weight, float[] old) in weights.Zip([before[..6], before[6..10], before[10..]]))
        {
            using IDisposable guard = no_grad();
            weight.copy_(tensor(old).reshape(weight.shape));
        }

        Run(ours, weights, 5, 8);
        Values(weights).Zip(after, (one, other) => GoldenTolerance.IsSameFloat(other, one)).Should().OnlyContain(same => same);
        after.Should().NotEqual(before);
    }

    [Fact]
    public void What_cannot_be_saved_is_refused_when_its_groups_are_asked_for_with_all_that_can()
    {
        const string Rest = " cannot be trained with here: it needs a closure, or nobody knows its groups and its state, so that a checkpoint could not hold it. Use FusedSgd, FusedAdam, "
            + "FusedAdamW, FusedAdagrad or FusedRmsProp, or TorchSharp's SGD, Adam, AdamW, Adagrad, Adadelta, Adamax, NAdam, RAdam, RMSProp, Rprop or ASGD. One of your own derives from "
            + "TorchSharp.Modules.OptimizerHelper and implements Compat.Torch.Optim.IStatefulOptimizer.";
        using DisposeScope scope = NewDisposeScope();
        Parameter[] weights = Weights();
        using optim.Optimizer lbfgs = optim.LBFGS(weights);
        using Unknown unknown = new(weights);
        using Known known = new(weights);
        using Derived derived = new(weights);

        foreach ((optim.Optimizer optimizer, string name) in new (optim.Optimizer, string)[] { (lbfgs, "LBFGS"), (unknown, nameof(Unknown)) })
        {
            foreach (Action act in new Action[] { () => OptimizerGroup.Of(optimizer), () => optimizer.SaveState(), () => optimizer.LoadState([]) })
            {
                act.Should().Throw<NotSupportedException>().WithMessage(name + Rest);
            }
        }

        OptimizerGroup.Of(known).Should().HaveCount(1);
        known.SaveState()["mine"].Should().Be(new PthInteger(1));
        OptimizerGroup.Of(derived).Should().HaveCount(1);
        ((PthSequence)derived.SaveState()["param_groups"]).Items.Should().HaveCount(1);
    }

    private static optim.Optimizer Make(string name, Parameter[] weights) => Makers[name](weights[..1], weights[1..]);

    private static Parameter[] Weights() => [new Parameter(linspace(-1, 1, 6).reshape(2, 3)), new Parameter(linspace(0.5, 2, 4)), new Parameter(full(2, 0.25f))];

    private static void Run(optim.Optimizer optimizer, Parameter[] weights, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            Array.ForEach(weights, weight => weight.grad = (weight.detach() * (i + 1)).sin());
            optimizer.step();
        }
    }

    private static float[] Values(Parameter[] weights) => [.. weights.SelectMany(weight => weight.ToArray())];

    private static bool AreSame(double[] theirs, Parameter[] ours) => theirs.Zip(Values(ours), (one, other) => GoldenTolerance.IsSameFloat(one, other)).All(same => same);

    private static double[][] Parse(string printed) =>
        [.. printed.Trim().Split('\n').Select(line => line.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray())];

    private static void Write(string path, Parameter[] weights, PthDict state) => PthFile.Write(path, new PthDict
    {
        ["weights"] = new PthSequence(PthSequenceKind.List, weights.Select(weight => new PthTensor(weight.detach()))),
        ["optimizer"] = state,
    });

    private class Unknown : OptimizerHelper
    {
        public Unknown(Parameter[] parameters) => _parameter_groups = [new ParamGroup { Parameters = parameters, Options = new OptimizerOptions { LearningRate = 0.1 } }];
    }

    private sealed class Known(Parameter[] parameters) : Unknown(parameters), IStatefulOptimizer
    {
        public PthDict SaveState() => new() { ["mine"] = 1 };

        public void LoadState(PthDict state)
        {
        }
    }

    private sealed class Derived(Parameter[] parameters) : SGD(parameters, 0.1);
}
