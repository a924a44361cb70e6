using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class ParameterWatchTests : IDisposable
{
    private const string SomethingSets = "See whether something sets them back after each update, such as a hook; if that is meant, leave them out of the optimizer.";

    private readonly ListLogger logger = new();
    private readonly IterationProbe probe = new();
    private readonly PendingScalars pending = new();
    private readonly ParameterWatch watch;
    private readonly TwoWeights model = new();

    public ParameterWatchTests() => watch = new(pending, logger);

    private IReadOnlyList<string> Lines => logger.Lines;

    public void Dispose()
    {
        watch.Dispose();
        pending.Dispose();
        model.Dispose();
    }

    [Theory]
    [InlineData("SGD", ScalarType.Float32)]
    [InlineData("SGD", ScalarType.Float64)]
    [InlineData("SGD", ScalarType.Float16)]
    [InlineData("SGD", ScalarType.BFloat16)]
    [InlineData("Momentum", ScalarType.Float32)]
    [InlineData("Adam", ScalarType.Float32)]
    [InlineData("AdamW", ScalarType.Float32)]
    [InlineData("RMSprop", ScalarType.Float32)]
    [InlineData("Adagrad", ScalarType.Float32)]
    public void A_training_that_moves_its_weights_gives_no_line(string kind, ScalarType type)
    {
        model.to(type);
        using optim.Optimizer optimizer = kind switch
        {
            "Momentum" => optim.SGD(model.parameters(), 0.1, momentum: 0.9, weight_decay: 0.01),
            "Adam" => optim.Adam(model.parameters(), 0.01),
            "AdamW" => optim.AdamW(model.parameters(), 0.01),
            "RMSprop" => optim.RMSProp(model.parameters(), 0.01),
            "Adagrad" => optim.Adagrad(model.parameters(), 0.01),
            _ => optim.SGD(model.parameters(), 0.1),
        };
        Start(optimizer);

        Train(15, () => Step(optimizer));
        pending.Flush();
        watch.Finish();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void Where_nothing_updates_a_line_comes_with_the_first_flush_after_ten_iterations_and_only_then()
    {
        watch.Start(model, [], probe);
        logger.Lines.Should().ContainSingle("there is no optimizer");

        Train(9, () => { });
        pending.Flush();
        Lines.Should().HaveCount(1);
        Train(1, () => { });
        Lines.Should().HaveCount(1, "nothing is read before somebody reads");
        pending.Count.Should().Be(3, "one answer for each parameter, and the number of skipped steps");
        pending.Flush();
        Lines.Should().HaveCount(2);
        Train(50, () => { });
        pending.Flush();
        watch.Finish();

        Lines.Skip(1).Should().Equal(
            "No parameter of TwoWeights has changed in 10 iterations: nothing updates them. The runner has no optimizer hook, or TrainStep is overridden and makes no "
            + "update, or its learning rate is 0. Register an optimizer hook with a legacy runner; call optimWrapper.UpdateParams(loss) in a TrainStep of the engine's.");
        logger.Ours.Select(line => line.Id).Should().Equal(9062, 9063);
    }

    [Fact]
    public void A_short_training_is_looked_at_when_it_ends()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);

        Train(3, () => Announce(optimizer));
        pending.Flush();
        Lines.Should().BeEmpty();
        watch.Finish();

        Lines.Should().Equal(
            "No parameter of TwoWeights has changed in 3 updates: they got gradients and the learning rate is above 0. The optimizer steps other tensors, or something "
            + "sets the parameters back. Build it from this model's parameters() after the model was moved.");
    }

    [Fact]
    public void A_training_that_made_no_iteration_gives_no_line()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);

        watch.Finish();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void A_model_that_gathers_gradients_by_itself_gets_more_time()
    {
        watch.Start(model, [], probe);

        Train(999, () =>
        {
            Backward();
            pending.Flush();
        });
        Lines.Should().HaveCount(1);
        Train(1, () => Backward());
        pending.Flush();

        Lines.Should().HaveCount(2);
        Lines[1].Should().StartWith("No parameter of TwoWeights has changed in 1000 iterations: nothing updates them.");
    }

    [Fact]
    public void A_model_that_updates_by_itself_gives_no_line()
    {
        watch.Start(model, [], probe);

        Train(12, () =>
        {
            using IDisposable guard = no_grad();
            model.First.mul_(0.9);
        });
        pending.Flush();
        watch.Finish();

        Lines.Should().HaveCount(1, "there is no optimizer");
    }

    [Fact]
    public void A_window_of_more_than_ten_iterations_is_awaited()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        int iteration = 0;

        Train(64, () =>
        {
            Backward();
            if (++iteration % 16 == 0)
            {
                probe.OnClipped(optimizer);
                optimizer.step();
                optimizer.zero_grad();
            }

            pending.Flush();
        });
        watch.Finish();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void Updates_at_a_rate_of_0_do_not_count_but_a_training_of_nothing_else_is_told()
    {
        using SGD optimizer = optim.SGD(model.parameters(), 0);
        Start(optimizer);

        Train(40, () => Step(optimizer));
        pending.Flush();
        Lines.Should().BeEmpty("it may be a warm-up");
        watch.Finish();

        Lines.Should().Equal("No parameter of TwoWeights has changed in 40 updates: the learning rate was always 0. Set it above 0, or look at the schedule.");
    }

    [Fact]
    public void A_warm_up_from_0_gives_no_line()
    {
        using SGD optimizer = optim.SGD(model.parameters(), 0);
        Start(optimizer);

        Train(20, () => Step(optimizer));
        OptimizerGroup.Of(optimizer)[0].Lr = 0.1;
        Train(20, () => Step(optimizer));
        pending.Flush();
        watch.Finish();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void Weights_whose_gradients_are_zero_stay_where_they_are_without_a_line()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);

        Train(15, () =>
        {
            Backward(factor: 0);
            probe.OnClipped(optimizer);
            optimizer.step();
        });
        pending.Flush();
        watch.Finish();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void Updates_that_are_lost_in_rounding_are_told_at_the_end_alone()
    {
        model.to(ScalarType.BFloat16);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 1e-4);
        Start(optimizer);

        Train(15, () => Step(optimizer));
        pending.Flush();
        Lines.Should().BeEmpty("the rate may rise");
        watch.Finish();

        Lines.Should().Equal(
            "No parameter of TwoWeights has changed in 15 updates: learning rate times gradient is lost in rounding. Raise the rate, or keep the parameters in float32.");
    }

    [Fact]
    public void Updates_that_are_lost_in_rounding_are_told_after_a_thousand_too()
    {
        model.to(ScalarType.BFloat16);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 1e-4);
        Start(optimizer);

        Train(1000, () =>
        {
            pending.Flush();
            Step(optimizer);
        });
        Lines.Should().BeEmpty();
        pending.Flush();

        Lines.Should().ContainSingle().Which.Should().StartWith("No parameter of TwoWeights has changed in 1000 updates: learning rate times gradient is lost");
    }

    [Fact]
    public void A_parameter_that_should_have_changed_beside_others_that_have_is_named()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);

        Train(12, () =>
        {
            Step(optimizer);
            SetBack(model.Second, 1);
        });
        pending.Flush();

        Lines.Should().Equal(
            $"Some parameters of TwoWeights got gradients large enough to move them, but have not changed in 10 updates: second. {SomethingSets}");
        logger.Ours.Single().Id.Should().Be(9064);
    }

    [Fact]
    public void A_parameter_that_comes_back_to_where_it_began_has_moved()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        Start(optimizer);
        int sign = 1;

        Train(10, () =>
        {
            optimizer.zero_grad();
            ((model.First * 0.5).sum() * (sign = -sign)).backward();
            Announce(optimizer, step: true);
        });
        pending.Flush();
        watch.Finish();

        model.First.eq(1).all().item<bool>().Should().BeTrue("there and back, five times");
        Lines.Should().BeEmpty();
    }

    [Fact]
    public void A_bias_before_a_batch_norm_whose_gradient_is_rounding_noise_is_not_named()
    {
        TorchSeed.Set(0);
        using Linear linear = nn.Linear(4, 8);
        using Sequential net = nn.Sequential(("linear", linear), ("norm", nn.BatchNorm1d(8)), ("head", nn.Linear(8, 1)));
        using optim.Optimizer optimizer = optim.SGD(net.parameters(), 1);
        watch.Start(net, OptimizerGroup.Of(optimizer), probe);

        Train(10, () =>
        {
            optimizer.zero_grad();
            (net.forward(randn(16, 4)).pow(2).sum() * 10).backward();
            Announce(optimizer, step: true);
        });
        pending.Flush();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void A_frozen_parameter_one_without_gradient_and_one_at_a_rate_of_0_are_not_named()
    {
        using SGD optimizer = optim.SGD([new SGD.ParamGroup([model.First], 0.1), new SGD.ParamGroup([model.Second], 0)], 0.1);
        Start(optimizer);

        Train(12, () => Step(optimizer));
        pending.Flush();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void Each_of_several_optimizers_is_judged_however_seldom_it_steps()
    {
        using optim.Optimizer often = optim.SGD([model.First], 0.1);
        using optim.Optimizer seldom = optim.SGD([model.Second], 0.1);
        watch.Start(model, [.. OptimizerGroup.Of(often), .. OptimizerGroup.Of(seldom)], probe);
        int iteration = 0;

        Train(12, () =>
        {
            Backward();
            Announce(often, step: true);
            if (iteration++ % 5 == 0)
            {
                Announce(seldom, step: false);
            }
        });
        pending.Flush();

        Lines.Should().ContainSingle().Which.Should().Contain("have not changed in 10 updates: second. ");
    }

    [Fact]
    public void Steps_that_a_scaler_left_out_do_not_count()
    {
        using Tensor yes = ones(1);
        using Tensor no = zeros(1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        int iteration = 0;

        Train(13, () =>
        {
            Announce(optimizer);
            probe.OnSkipped(optimizer, iteration++ < 4 ? yes : no);
            pending.Flush();
        });
        Lines.Should().BeEmpty("nine are no ten");
        Train(1, () =>
        {
            Announce(optimizer);
            probe.OnSkipped(optimizer, no);
        });
        pending.Flush();

        Lines.Should().ContainSingle().Which.Should().StartWith("No parameter of TwoWeights has changed in 14 updates: they got gradients");
    }

    [Fact]
    public void A_training_whose_steps_were_all_left_out_is_told_at_the_end()
    {
        using Tensor yes = ones(1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);

        Train(30, () =>
        {
            Backward(double.PositiveInfinity);
            probe.OnClipped(optimizer);
            probe.OnSkipped(optimizer, yes);
            pending.Flush();
        });
        Lines.Should().BeEmpty();
        watch.Finish();

        Lines.Should().Equal(
            "No parameter of TwoWeights has changed in 30 updates: the loss scaler left all of them out, because gradients were not finite. Lower its first scale, or look "
            + "for what overflows.");
    }

    [Fact]
    public void An_optimizer_whose_parameters_never_get_a_gradient_is_told()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);

        Train(10, () => probe.OnClipped(optimizer));
        pending.Flush();

        Lines.Should().Equal(
            "No parameter of TwoWeights has changed in 10 updates: the optimizer holds no parameter of the model that got a gradient. Build it from this model's "
            + "parameters() after the model was moved.");
    }

    [Fact]
    public void Weights_that_become_NaN_have_changed()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);

        Train(12, () =>
        {
            Backward(double.NaN);
            Announce(optimizer, step: true);
        });
        pending.Flush();
        watch.Finish();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void A_second_training_is_watched_anew()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        Train(12, () => Step(optimizer));
        watch.Finish();
        Start(optimizer);

        Train(2, () => Announce(optimizer));
        watch.Finish();

        Lines.Should().ContainSingle().Which.Should().StartWith("No parameter of TwoWeights has changed in 2 updates:");
    }

    [Fact]
    public void A_training_of_another_model_forgets_the_parameters_of_the_first()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using Linear other = nn.Linear(1, 1);
        Start(optimizer);
        Train(12, () => Step(optimizer));
        watch.Finish();
        watch.Start(other, [], probe);

        Train(12, () => { });
        watch.Finish();

        Lines[^1].Should().StartWith("No parameter of Linear has changed in 10 iterations: nothing updates them.");
    }

    [Fact]
    public void A_second_training_that_updates_nothing_is_told()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        Train(12, () => Step(optimizer));
        watch.Finish();
        optimizer.zero_grad();
        Start(optimizer);

        Train(3, () => { });
        watch.Finish();

        Lines.Should().ContainSingle().Which.Should().StartWith("No parameter of TwoWeights has changed in 3 iterations: nothing updates them.");
    }

    [Fact]
    public void Begun_anew_without_an_end_it_listens_once()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        Start(optimizer);

        Train(2, () => Announce(optimizer));
        watch.Finish();

        Lines.Should().ContainSingle().Which.Should().StartWith("No parameter of TwoWeights has changed in 2 updates:");
    }

    [Fact]
    public void Broken_off_it_listens_no_more()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        watch.Dispose();
        Backward();
        long before = LiveTensors.Settled();

        using (DisposeScope scope = NewDisposeScope())
        {
            probe.OnClipped(optimizer);
        }

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Between_its_looks_no_iteration_goes_over_the_parameters()
    {
        using CountingModel counting = new();
        using optim.Optimizer optimizer = optim.SGD(counting.parameters(), 0.1);
        watch.Start(counting, OptimizerGroup.Of(optimizer), probe);
        void Iterate()
        {
            counting.Weight.sum().backward();
            probe.OnClipped(optimizer);
        }

        Train(1, Iterate);
        int calls = counting.Calls;
        Train(8, Iterate);

        counting.Calls.Should().Be(calls);
    }

    [Fact]
    public void An_update_of_the_models_own_in_the_tenth_iteration_is_seen_and_so_is_one_in_a_short_training()
    {
        watch.Start(model, [], probe);
        Train(9, () => { });
        Train(1, () => SetBack(model.First, 3));
        pending.Flush();
        Train(1, () => { });
        watch.Finish();
        watch.Start(model, [], probe);
        Train(1, () => SetBack(model.First, 4));
        watch.Finish();

        Lines.Should().HaveCount(2).And.OnlyContain(line => line.StartsWith("There is no optimizer", StringComparison.Ordinal));
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_all_that_the_end_of_a_training_tells()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        Train(3, () => Announce(optimizer));
        using Tensor loss = tensor(double.NaN);
        pending.Add(loss, null, 0, new WatchedLoss("loss", 2));

        watch.Invoking(own => own.Finish()).Should().Throw<NonFiniteLossException>();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void Each_training_judges_the_gradients_of_its_first_update()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        for (int training = 0; training < 2; training++)
        {
            Start(optimizer);
            int iteration = 0;
            Train(3, () =>
            {
                optimizer.zero_grad();
                Backward(iteration++ == 0 ? 1 : 0);
                probe.OnClipped(optimizer);
            });
            watch.Finish();
        }

        Lines.Should().HaveCount(2).And.OnlyContain(line => line.StartsWith(
            "No parameter of TwoWeights has changed in 3 updates: they got gradients and the learning rate is above 0.", StringComparison.Ordinal));
    }

    [Fact]
    public void The_gradients_of_the_tenth_update_are_judged_too()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        int iteration = 0;

        Train(10, () =>
        {
            optimizer.zero_grad();
            Backward(++iteration == 10 ? 1 : 0);
            probe.OnClipped(optimizer);
        });
        pending.Flush();

        Lines.Should().ContainSingle().Which.Should().StartWith(
            "No parameter of TwoWeights has changed in 10 updates: they got gradients and the learning rate is above 0.");
    }

    [Theory]
    [InlineData(4, 20)]
    [InlineData(0, 1005)]
    public void Where_an_answer_comes_late_the_next_update_is_judged_before_the_next_look(int skipped, int before)
    {
        using Tensor yes = ones(1);
        using Tensor no = zeros(1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        int update = 0;
        void Update(double factor)
        {
            optimizer.zero_grad();
            Backward(factor);
            probe.OnClipped(optimizer);
            probe.OnSkipped(optimizer, update++ < skipped ? yes : no);
        }

        Train(before, () => Update(0));
        pending.Flush();
        Train(1, () => Update(1));
        pending.Flush();

        Lines.Should().ContainSingle().Which.Should().StartWith($"No parameter of TwoWeights has changed in {before + 1} updates: they got gradients");
    }

    [Fact]
    public void Weights_without_gradients_are_looked_at_twice_and_no_more()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        int looks = 0;

        Train(1100, () =>
        {
            looks += pending.Count > 0 ? 1 : 0;
            pending.Flush();
            optimizer.zero_grad();
            Backward(0);
            Announce(optimizer, step: true);
        });

        looks.Should().Be(2, "after 10 updates and after 1000");
    }

    [Fact]
    public void A_parameter_that_the_model_gets_while_it_is_trained_is_left_alone()
    {
        using optim.Optimizer optimizer = optim.SGD([.. model.parameters()], 0.1);
        Start(optimizer);

        Train(1, () => Step(optimizer));
        model.register_parameter("third", new Parameter(ones(1)));
        Train(11, () => Step(optimizer));
        watch.Finish();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void What_the_first_update_moved_has_moved_wherever_it_is_later()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);

        Train(1, () => Step(optimizer));
        Train(9, () =>
        {
            Step(optimizer);
            SetBack(model.Second, 1);
        });
        pending.Flush();

        Lines.Should().BeEmpty();
    }

    [Fact]
    public void A_second_training_counts_the_steps_that_its_own_scaler_left_out()
    {
        using Tensor yes = ones(1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        Announce(optimizer);
        probe.OnSkipped(optimizer, yes);
        watch.Finish();
        Start(optimizer);

        Train(2, () =>
        {
            Announce(optimizer);
            probe.OnSkipped(optimizer, yes);
        });
        watch.Finish();

        Lines.Should().ContainSingle().Which.Should().StartWith("No parameter of TwoWeights has changed in 2 updates: the loss scaler left all of them out");
    }

    [Fact]
    public void Everything_is_freed_and_nobody_listens_when_training_ends()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Step(optimizer);
        long before = LiveTensors.Settled();
        Start(optimizer);
        Tensor.TotalCount.Should().BeGreaterThan(before);

        using (Tensor no = zeros(1))
        {
            Train(12, () => Step(optimizer));
            probe.OnSkipped(optimizer, no);
        }

        LiveTensors.Settled().Should().BeGreaterThan(before);
        watch.Finish();

        Tensor.TotalCount.Should().Be(before, "the watch frees, not the finalizer");
        using Tensor yes = ones(1);
        probe.OnClipped(optimizer);
        probe.OnSkipped(optimizer, yes);
        watch.EndIter();
        Tensor.TotalCount.Should().Be(before + 1);
        pending.Count.Should().Be(0);
    }

    [Fact]
    public void The_number_of_live_tensors_is_the_same_before_and_after_the_answer()
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Start(optimizer);
        Train(5, () => Step(optimizer));
        pending.Flush();
        long before = LiveTensors.Settled();

        Train(20, () => Step(optimizer));
        pending.Flush();

        Tensor.TotalCount.Should().Be(before);
    }

    private static void SetBack(Parameter parameter, double value)
    {
        using IDisposable guard = no_grad();
        parameter.fill_(value);
    }

    private void Start(optim.Optimizer optimizer) => watch.Start(model, OptimizerGroup.Of(optimizer), probe);

    private void Train(int iterations, Action step)
    {
        for (int i = 0; i < iterations; i++)
        {
            using (DisposeScope scope = NewDisposeScope())
            {
                step();
            }

            watch.EndIter();
        }
    }

    private void Backward(double factor = 1) => (((model.First * model.First).sum() + (model.Second * 0.5).sum()) * factor).backward();

    private void Step(optim.Optimizer optimizer)
    {
        optimizer.zero_grad();
        Backward();
        Announce(optimizer, step: true);
    }

    private void Announce(optim.Optimizer optimizer, bool step = false)
    {
        if (!step)
        {
            Backward();
        }

        probe.OnClipped(optimizer);
        if (step)
        {
            optimizer.step();
        }
    }

    /// <summary>Counts how often somebody goes over its parameters.</summary>
    private sealed class CountingModel : nn.Module
    {
        private readonly Parameter weight = new(ones(2));

        public CountingModel()
            : base(nameof(CountingModel)) => RegisterComponents();

        public Parameter Weight => weight;

        public int Calls { get; private set; }

        public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
        {
            Calls++;
            return base.named_parameters(recurse);
        }
    }

    private sealed class TwoWeights : nn.Module
    {
        private readonly Parameter first = new(ones(3));
        private readonly Parameter second = new(ones(2));

        public TwoWeights()
            : base(nameof(TwoWeights)) => RegisterComponents();

        public Parameter First => first;

        public Parameter Second => second;
    }
}
