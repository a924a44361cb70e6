using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

public sealed class OptimizerStateTests
{
    private const string StepInPython = """
        import sys, torch
        saved = torch.load(sys.argv[1])
        weight = torch.nn.Parameter(saved['weight'])
        optimizer = getattr(torch.optim, sys.argv[2])([weight], lr=1.0)
        optimizer.load_state_dict(saved['optimizer'])
        weight.grad = torch.full_like(weight, 0.25)
        optimizer.step()
        print(' '.join(repr(v) for v in weight.tolist()))
        """;

    public static TheoryData<string> Names => [.. Makers.Keys];

    private static Dictionary<string, Func<Parameter[], Implementation, FusedOptimizer>> Makers { get; } = new()
    {
        ["SGD"] = (parameters, way) => new FusedSgd(parameters, new() { Lr = 0.05, Momentum = 0.9, WeightDecay = 0.01 }, way),
        ["Adam"] = (parameters, way) => new FusedAdam(parameters, new() { Lr = 0.02, Amsgrad = true }, way),
        ["AdamW"] = (parameters, way) => new FusedAdamW(parameters, new() { Lr = 0.02, Beta1 = 0.8 }, way),
        ["Adagrad"] = (parameters, way) => new FusedAdagrad(parameters, new() { Lr = 0.1, LrDecay = 0.1 }, way),
        ["RMSprop"] = (parameters, way) => new FusedRmsProp(parameters, new() { Lr = 0.02, Momentum = 0.5, Centered = true }, way),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Ten_steps_saved_and_ten_more_are_twenty_steps(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Parameter straight = Weight();
        using FusedOptimizer whole = Makers[name]([straight], Implementation.Auto);
        Run(whole, straight, 0, 20);
        Parameter parted = Weight();
        using FusedOptimizer first = Makers[name]([parted], Implementation.Auto);
        Run(first, parted, 0, 10);
        PthFile.Write(folder.File("o.pth"), first.SaveState());
        using FusedOptimizer second = Makers[name]([parted], Implementation.Auto);
        using FusedOptimizer fresh = Makers[name]([new Parameter(parted.detach().clone())], Implementation.Auto);

        using (PthFile file = PthFile.Read(folder.File("o.pth")))
        {
            second.LoadState((PthDict)file.Root);
        }

        Run(second, parted, 10, 20);
        Parameter forgetful = fresh.parameters().Single();
        Run(fresh, forgetful, 10, 20);

        parted.ToArray().Should().Equal(straight.ToArray());
        forgetful.ToArray().Should().NotEqual(straight.ToArray(), "without the state it goes another way");
    }

    [PythonFact]
    public void PyTorch_goes_on_from_our_state_as_we_do()
    {
        foreach ((string name, Func<Parameter[], Implementation, FusedOptimizer> make) in Makers)
        {
            using DisposeScope scope = NewDisposeScope();
            using TemporaryFolder folder = new();
            Parameter weight = Weight();
            using FusedOptimizer optimizer = make([weight], Implementation.PerParameter);
            Run(optimizer, weight, 0, 5);
            PthFile.Write(folder.File("o.pth"), new PthDict { ["weight"] = new PthTensor(weight.detach()), ["optimizer"] = optimizer.SaveState() });
            string printed = PythonFactAttribute.Run(StepInPython, folder.File("o.pth"), name);

            weight.grad = full_like(weight, 0.25);
            optimizer.step();

            double[] theirs = [.. printed.Split(' ').Select(text => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture))];
            theirs.Zip(weight.ToArray(), (expected, actual) => GoldenTolerance.IsSameFloat(expected, actual)).Should().OnlyContain(same => same, name);
        }
    }

    // PyTorch's Adagrad makes its states when it is made, and ends in KeyError('sum') without them.
    [Fact]
    public void Adagrad_saves_a_state_of_parameters_that_had_no_gradient_yet()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = Weight();
        Parameter idle = new(zeros(3));
        using FusedAdagrad optimizer = new(
        [
            new ParameterGroup<FusedAdagradOptions>([weight], new()),
            new ParameterGroup<FusedAdagradOptions>([idle], new() { InitialAccumulatorValue = 0.5 }),
        ]);
        Run(optimizer, weight, 0, 2);

        PthDict saved = (PthDict)optimizer.SaveState()["state"];

        saved.Should().HaveCount(2);
        PthDict state = (PthDict)saved.Last().Value;
        state.Select(entry => ((PthText)entry.Key).Value).Should().Equal("step", "sum");
        ((PthTensor)state["step"]).Value.item<float>().Should().Be(0);
        ((PthTensor)state["sum"]).Value.ToArray().Should().Equal(0.5f, 0.5f, 0.5f);
        optimizer.StateOf(idle).Names.Should().BeEmpty("nothing is kept for it until it is updated");
    }

    [PythonFact]
    public void PyTorch_goes_on_from_an_Adagrad_that_made_no_step()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Parameter weight = Weight();
        using FusedAdagrad optimizer = new([weight], new() { Lr = 0.1 });
        PthFile.Write(folder.File("o.pth"), new PthDict { ["weight"] = new PthTensor(weight.detach()), ["optimizer"] = optimizer.SaveState() });

        string printed = PythonFactAttribute.Run(StepInPython, folder.File("o.pth"), "Adagrad");
        weight.grad = full_like(weight, 0.25);
        optimizer.step();

        double[] theirs = [.. printed.Split(' ').Select(text => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture))];
        theirs.Zip(weight.ToArray(), (expected, actual) => GoldenTolerance.IsSameFloat(expected, actual)).Should().OnlyContain(same => same);
    }

    [Theory]
    [InlineData("RMSprop", "step square_avg momentum_buffer grad_avg")]
    [InlineData("Adagrad", "step sum")]
    [InlineData("Adam", "step exp_avg exp_avg_sq max_exp_avg_sq")]
    [InlineData("AdamW", "step exp_avg exp_avg_sq")]
    public void States_are_in_the_order_of_PyTorch(string name, string names)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = Weight();
        using FusedOptimizer optimizer = Makers[name]([weight], Implementation.Auto);
        Run(optimizer, weight, 0, 1);

        ((PthDict)((PthDict)optimizer.SaveState()["state"]).Single().Value).Select(entry => ((PthText)entry.Key).Value)
            .Should().Equal(names.Split(' '));
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void The_state_of_a_real_checkpoint_is_taken_over()
    {
        using DisposeScope scope = NewDisposeScope();
        using PthFile file = PthFile.Read(Path.Combine(GoldenFile.PathOf("checkpoints"), "mmcv_adam_zip.pth"));
        PthDict saved = (PthDict)((PthDict)file.Root)["optimizer"];
        PthDict[] groups = [.. ((PthSequence)saved["param_groups"]).Items.Cast<PthDict>()];
        PthDict[] states = [.. ((PthDict)saved["state"]).Select(entry => (PthDict)entry.Value)];
        Parameter[] parameters = [.. states.Select(state => new Parameter(zeros_like(Average(state))))];
        int[] sizes = [.. groups.Select(group => ((PthSequence)group["params"]).Items.Count)];
        using FusedAdam optimizer = new(
            sizes.Select((size, i) => new ParameterGroup<FusedAdamOptions>(parameters.Skip(sizes.Take(i).Sum()).Take(size), new() { Lr = 123 })));

        optimizer.LoadState(saved);

        OptimizerGroup.Of(optimizer).Select(group => group.Lr).Should().Equal(groups.Select(group => ((PthFloat)group["lr"]).Value));
        foreach ((Parameter parameter, PthDict state) in parameters.Zip(states))
        {
            optimizer.StateOf(parameter)["exp_avg"].ToArray().Should().Equal(Average(state).contiguous().ToArray());
        }
    }

    [Fact]
    public void A_state_that_does_not_fit_is_refused_and_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = Weight();
        using FusedSgd optimizer = new([weight], new() { Lr = 0.1, Momentum = 0.9 });
        Run(optimizer, weight, 0, 1);
        float[] before = optimizer.StateOf(weight)["momentum_buffer"].ToArray();
        using FusedSgd other = new([new Parameter(ones(2))], new() { Lr = 0.5, Momentum = 0.1 });
        Run(other, other.parameters().Single(), 0, 1);
        using FusedSgd two = new([new Parameter(ones(2)), new Parameter(ones(3))], new());
        Action otherShape = () => optimizer.LoadState(other.SaveState());
        Action otherGroups = () => optimizer.LoadState(two.SaveState());
        Action nothing = () => optimizer.LoadState([]);

        otherShape.Should().Throw<PthException>().WithMessage("The state 'momentum_buffer' does not fit a parameter of shape [4]*");
        otherGroups.Should().Throw<PthException>().WithMessage("The state has groups of 2 parameters, the optimizer of 1. Build the optimizer with the groups that it was saved with.");
        nothing.Should().Throw<PthException>().WithMessage("The value is no state of an optimizer*");
        optimizer.StateOf(weight)["momentum_buffer"].ToArray().Should().Equal(before);
        OptimizerGroup.Of(optimizer)[0].Lr.Should().Be(0.1);
    }

    [Fact]
    public void A_setting_of_another_kind_is_refused_and_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedAdam optimizer = new([Weight()], new() { Lr = 0.1 });
        PthDict state = optimizer.SaveState();
        PthDict group = (PthDict)((PthSequence)state["param_groups"]).Items[0];
        Action load = () => optimizer.LoadState(state);

        Refused("lr", new PthTensor(ones(2)), "The state's setting 'lr' is something else; it must be a number. Load the state of the same kind of optimizer.");
        Refused("eps", new PthBool(true), "The state's setting 'eps' is a truth value; it must be a number.*");
        Refused("amsgrad", new PthFloat(1), "The state's setting 'amsgrad' is a number; it must be a truth value.*");
        Refused("betas", new PthFloat(0.5), "The state's setting 'betas' is a number; it must be a pair of numbers.*");
        group["lr"] = new PthTensor(tensor(0.5));
        group["amsgrad"] = PthNone.Value;
        load.Should().NotThrow();
        OptimizerGroup.Of(optimizer)[0].Lr.Should().Be(0.5);

        void Refused(string name, PthValue value, string message)
        {
            PthValue before = group[name];
            group[name] = value;
            group["weight_decay"] = 0.25;
            load.Should().Throw<PthException>().WithMessage(message);
            ((PthDict)((PthSequence)optimizer.SaveState()["param_groups"]).Items[0])["weight_decay"].Should().Be(new PthFloat(0));
            group[name] = before;
            group["weight_decay"] = 0.0;
        }
    }

    [Fact]
    public void What_a_schedule_set_is_in_the_state()
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedSgd optimizer = new([Weight()], new() { Lr = 0.1 });
        OptimizerGroup group = OptimizerGroup.Of(optimizer)[0];
        group.InitialLr = 0.1;
        group.Lr = 0.01;

        PthDict saved = (PthDict)((PthSequence)optimizer.SaveState()["param_groups"]).Items[0];

        saved["lr"].Should().Be(new PthFloat(0.01));
        saved["initial_lr"].Should().Be(new PthFloat(0.1));
    }

    [Fact]
    public void The_state_says_which_kernels_made_it_and_one_of_a_newer_version_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedSgd ours = new([Weight()], new() { Lr = 0.1 }, Implementation.Foreach);
        using optim.Optimizer theirs = optim.SGD([Weight()], 0.1);
        PthDict state = ours.SaveState();
        Action newer = () => ours.LoadState(state);

        ((PthDict)state["compat"])["kernels"].Should().Be(new PthText("Foreach"));
        ((PthDict)theirs.SaveState()["compat"])["kernels"].Should().Be(new PthText("TorchSharp"));
        newer.Should().NotThrow();
        state["compat"] = new PthDict { ["version"] = 2 };
        newer.Should().Throw<PthException>().WithMessage(
            "The state of the optimizer has version 2; this Compat reads up to 1. Update Compat, or resume with the one that wrote it.");
    }

    private static Tensor Average(PthDict state) => ((PthTensor)state["exp_avg"]).Value;

    private static Parameter Weight() => new(linspace(-1, 1, 4));

    private static void Run(FusedOptimizer optimizer, Parameter weight, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            weight.grad = (weight.detach() * (i + 1)).sin();
            optimizer.step();
        }
    }
}
