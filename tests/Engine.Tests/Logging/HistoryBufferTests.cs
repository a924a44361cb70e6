using System.Text.Json;
using Compat.Engine.Logging;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Logging;

public sealed class HistoryBufferTests : IDisposable
{
    private readonly PendingScalars pending = new();

    // Reading out the whole history (operation "data") and starting from one come with checkpoints.
    public static TheoryData<string> Ids => [.. Cases().Select(one => one.GetProperty("id").GetString()!)];

    public void Dispose() => pending.Dispose();

    [Theory]
    [MemberData(nameof(Ids))]
    [Trait("Category", "Golden")]
    public void Statistics_are_those_of_the_original(string id)
    {
        JsonElement golden = Cases().Single(one => one.GetProperty("id").GetString() == id);
        HistoryBuffer history = new(pending, golden.GetProperty("max_length").GetInt32());
        JsonElement init = golden.GetProperty("init");
        foreach ((double value, double count) in GoldenTensor.Numbers(init[0]).Zip(GoldenTensor.Numbers(init[1])))
        {
            history.Update(value, (int)count);
        }

        List<double> results = [];
        Action act = () =>
        {
            foreach (JsonElement operation in golden.GetProperty("ops").EnumerateArray())
            {
                Apply(history, operation, results);
            }
        };

        if (golden.TryGetProperty("error", out _))
        {
            act.Should().Throw<InvalidOperationException>("an empty history has no smallest, largest or last value");
            return;
        }

        act();
        JsonElement[] expected = [.. golden.GetProperty("results").EnumerateArray().Where(result => result.ValueKind != JsonValueKind.Array)];
        results.Should().HaveSameCount(expected);
        results.Zip(expected).Should().AllSatisfy(pair =>
            GoldenTolerance.IsSameDouble(GoldenTensor.Number(pair.Second), pair.First).Should().BeTrue($"it is {pair.First}, expected {pair.Second}"));
    }

    [Fact]
    public void The_file_has_cases() => Cases().Should().NotBeEmpty();

    [Fact]
    public void The_mean_is_the_sum_of_the_values_over_the_sum_of_the_counts()
    {
        HistoryBuffer history = new(pending);
        foreach (double value in (double[])[1, 2, 3])
        {
            history.Update(value, count: 2);
        }

        history.Mean().Should().Be(1);
        history.Mean(1).Should().Be(1.5);
        history.Mean(2).Should().Be(1.25);
        history.Mean(99).Should().Be(1);
        history.Current().Should().Be(3);
    }

    [Fact]
    public void The_mean_of_weighted_entries_is_that_of_MMCVs_log_buffer()
    {
        HistoryBuffer history = new(pending);
        foreach ((double value, int weight) in ((double, int)[])[(0.7, 4), (0.31, 4), (2.9, 2)])
        {
            history.Update(value, weight: weight);
        }

        // What MMCV's LogBuffer gives for average(10) and average(2).
        history.Mean().Should().Be(0.984);
        history.Mean(2).Should().Be(1.1733333333333333);
        (history.Current(), history.Min(), history.Max()).Should().Be((2.9, 0.31, 2.9), "only the mean is weighted");
    }

    [Fact]
    public void A_weight_takes_the_place_of_the_count_in_the_mean()
    {
        HistoryBuffer history = new(pending);
        history.Update(1, count: 100, weight: 1);
        history.Update(4, count: 100, weight: 3);

        history.Mean().Should().Be(3.25);
    }

    [Fact]
    public void Entries_of_both_kinds_add_their_sums_and_their_numbers_of_samples()
    {
        HistoryBuffer history = new(pending);
        history.Update(12, count: 4);                                                // 4 samples with the sum 12
        history.Update(5, weight: 2);                                                // 2 samples with the mean 5

        history.Mean().Should().Be(22.0 / 6);
        history.Mean(1).Should().Be(5);
    }

    [Fact]
    public void Weights_are_forgotten_with_their_entries()
    {
        HistoryBuffer history = new(pending, maxLength: 2);
        for (int i = 1; i <= 9; i++)
        {
            history.Update(i, weight: i);
        }

        history.Mean().Should().Be(((8 * 8) + (9 * 9)) / 17.0);
    }

    [Fact]
    public void Counts_are_forgotten_with_their_entries()
    {
        HistoryBuffer history = new(pending, maxLength: 2);
        for (int i = 1; i <= 9; i++)
        {
            history.Update(i * i, count: i);
        }

        history.Mean().Should().Be(((8 * 8) + (9 * 9)) / 17.0);
    }

    [Fact]
    public void Forgotten_entries_hold_no_memory()
    {
        HistoryBuffer history = new(pending, maxLength: 100);
        void Fill(int count)
        {
            for (int i = 0; i < count; i++)
            {
                history.Update(i);
            }
        }

        Fill(1_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fill(100_000);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(10_000, "a list that only grows would take over a megabyte");
    }

    [Fact]
    public void A_skipped_steps_loss_need_not_be_finite()
    {
        using DisposeScope scope = NewDisposeScope();
        HistoryBuffer history = new(pending);
        history.Update(tensor(double.NaN), watched: new WatchedLoss("loss", 5), skipped: tensor(1f));
        history.Update(double.NaN, watched: new WatchedLoss("loss", 5), skipped: tensor(1f));

        history.Current().Should().Be(double.NaN);
    }

    [Fact]
    public void Smallest_and_largest_are_those_of_the_window()
    {
        HistoryBuffer history = Filled(5, -1, 3, 4);

        (history.Min(), history.Max()).Should().Be((-1, 5));
        (history.Min(2), history.Max(2)).Should().Be((3, 4));
        (history.Min(100), history.Max(100)).Should().Be((-1, 5));
        (history.Min(0), history.Max(0)).Should().Be((-1, 5), "0 is everything, as in the original");
    }

    /// <summary>Recorded with MMEngine 0.11.0rc0 and numpy 1.24; summed in order, the mean of all is …986.</summary>
    [Theory]
    [InlineData(null, 0.056174698723519864)]
    [InlineData(7, 0.026613161213448696)]
    [InlineData(8, 0.029283394910329892)]
    [InlineData(12, 0.031743541510375874)]
    public void The_sum_of_a_mean_is_that_of_numpy_to_the_last_bit(int? window, double mean)
    {
        HistoryBuffer history = new(pending);
        for (int i = 0; i < 20; i++)
        {
            history.Update(1 / (i + 3.0), 1 + (i % 3));
        }

        history.Mean(window).Should().Be(mean);
    }

    [Fact]
    public void Of_a_window_with_NaN_every_statistic_is_NaN()
    {
        HistoryBuffer history = Filled(2, double.NaN, 5);

        (history.Max(), history.Min(), history.Mean()).Should().Be((double.NaN, double.NaN, double.NaN));
        (history.Max(1), history.Min(1)).Should().Be((5, 5));
    }

    [Fact]
    public void A_window_below_zero_is_refused()
    {
        HistoryBuffer history = Filled(5);

        Action act = () => history.Mean(-1);

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("window");
    }

    [Fact]
    public void Old_entries_are_forgotten()
    {
        HistoryBuffer history = new(pending, maxLength: 3);
        for (int i = 1; i <= 20; i++)
        {
            history.Update(i);
            history.Count.Should().Be(Math.Min(i, 3));
            history.Min().Should().Be(Math.Max(1, i - 2));
            history.Current().Should().Be(i);
        }
    }

    [Fact]
    public void Tensors_are_read_when_a_statistic_is_asked_for_and_land_in_their_places()
    {
        using DisposeScope scope = NewDisposeScope();
        HistoryBuffer history = new(pending);
        history.Update(tensor(1.0));
        history.Update(2);
        history.Update(tensor(6.0f));
        pending.Count.Should().Be(2);

        history.Mean().Should().Be(3);

        pending.Count.Should().Be(0);
        (history.Min(), history.Current()).Should().Be((1, 6));
    }

    [Fact]
    public void A_tensor_that_was_forgotten_before_it_was_read_does_no_harm()
    {
        using DisposeScope scope = NewDisposeScope();
        HistoryBuffer history = new(pending, maxLength: 2);
        for (int i = 0; i < 7; i++)
        {
            history.Update(tensor((double)i));
        }

        (history.Min(), history.Current(), history.Count).Should().Be((5, 6, 2));
    }

    [Fact]
    public void A_watched_number_that_is_not_finite_is_an_error_at_once_and_a_tensor_when_it_is_read()
    {
        using DisposeScope scope = NewDisposeScope();
        HistoryBuffer history = new(pending);
        Action number = () => history.Update(double.NaN, watched: new WatchedLoss("loss_a", 4));
        number.Should().Throw<NonFiniteLossException>().WithMessage("*'loss_a' is NaN at iteration 4*");

        history.Update(tensor(double.NaN), watched: new WatchedLoss("loss_b", 5));
        Action read = () => history.Current();

        read.Should().Throw<NonFiniteLossException>().WithMessage("*'loss_b' is NaN at iteration 5*");
    }

    [Fact]
    public void An_empty_history_has_no_smallest_largest_and_last_value_and_its_mean_is_NaN()
    {
        HistoryBuffer history = new(pending);
        Func<double>[] all = [() => history.Min(), () => history.Max(), history.Current];

        history.Mean().Should().Be(double.NaN);
        history.Mean(3).Should().Be(double.NaN);
        all.Should().AllSatisfy(statistic => statistic.Should().Throw<InvalidOperationException>()
            .WithMessage("The history is empty, so there is nothing to compute. Update it first."));
    }

    [Fact]
    public void A_length_below_one_is_refused()
    {
        Action act = () => _ = new HistoryBuffer(pending, 0);

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("maxLength");
    }

    private static void Apply(HistoryBuffer history, JsonElement operation, List<double> results)
    {
        string name = operation[0].GetString()!;
        int? Window(int place) => operation[place].ValueKind == JsonValueKind.Null ? null : operation[place].GetInt32();
        if (name == "data")
        {
            return;
        }

        if (name == "update")
        {
            history.Update(operation[1].Number(), operation[2].GetInt32());
            return;
        }

        int place = name == "statistics" ? 2 : 1;
        results.Add((name == "statistics" ? operation[1].GetString() : name) switch
        {
            "mean" => history.Mean(Window(place)),
            "min" => history.Min(Window(place)),
            "max" => history.Max(Window(place)),
            "current" => history.Current(),
            string other => throw new NotSupportedException($"The golden file has a new operation, {other}."),
            null => throw new FormatException("An operation has no name."),
        });
    }

    private static IEnumerable<JsonElement> Cases() => GoldenFile.Read("log_buffers.json").GetProperty("cases").EnumerateArray().Where(one =>
        one.GetProperty("kind").GetString() == "history_buffer"
        && one.GetProperty("init")[0].GetArrayLength() == one.GetProperty("init")[1].GetArrayLength()
        && one.GetProperty("ops").EnumerateArray().All(IsTyped));

    // A text as value, as window or as the name of a statistic is ruled out by the types.
    private static bool IsTyped(JsonElement operation) => operation[0].GetString() switch
    {
        "update" => operation[1].IsNumber(),
        "mean" or "min" or "max" => operation[1].ValueKind != JsonValueKind.String,
        "current" or "data" => true,
        "statistics" => operation[1].GetString() is "mean" or "min" or "max" or "current",
        _ => false,
    };

    private HistoryBuffer Filled(params double[] values)
    {
        HistoryBuffer history = new(pending);
        foreach (double value in values)
        {
            history.Update(value);
        }

        return history;
    }
}
